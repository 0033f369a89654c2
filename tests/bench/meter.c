/*
 * meter.c - what a program and its own forks cost, without the programs that they execute.
 *
 *	meter OUTPUT PROGRAM [ARGUMENT...]
 *
 * Stops every process of PROGRAM at its very end, while its memory is still mapped, and writes a line:
 * "main" or "fork", CPU time in microseconds, peak resident memory and private memory in KiB. A fork
 * that executes another program is detached then, and its time until then is written as "exec". The
 * kernel does the counting; nothing is sampled. Exits as PROGRAM does.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "meter: error: %s: %s\n", what, strerror(errno));
	exit(70);
}

static FILE *open_of(pid_t pid, const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	if (!file)
		fail(path);
	return file;
}

/* CPU time: the first field of schedstat, in nanoseconds. */
static long long cpu_us(pid_t pid)
{
	FILE *file = open_of(pid, "schedstat");
	long long ns;

	if (fscanf(file, "%lld", &ns) != 1)
		fail("schedstat");
	fclose(file);
	return ns / 1000;
}

static long status_kib(pid_t pid, const char *key)
{
	FILE *file = open_of(pid, "status");
	size_t len = strlen(key);
	char line[256];
	long kib = 0;

	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			kib = strtol(line + len + 1, NULL, 10);
	fclose(file);
	return kib;
}

static void write_line(FILE *out, const char *what, pid_t pid)
{
	fprintf(out, "%s\t%lld\t%ld\t%ld\n", what, cpu_us(pid), status_kib(pid, "VmHWM"),
		status_kib(pid, "RssAnon"));
}

static void start(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		fail("ptrace");
	raise(SIGSTOP);
	execv(argv[0], argv);
	fail(argv[0]);
}

/* One stop of a traced process. Returns the signal to continue with, or -1 if it was detached. */
static int look(FILE *out, pid_t pid, bool is_main, int status)
{
	switch (status >> 16) {
	case PTRACE_EVENT_EXIT:
		write_line(out, is_main ? "main" : "fork", pid);
		return 0;
	case PTRACE_EVENT_EXEC:
		if (is_main)
			return 0;
		write_line(out, "exec", pid);
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
		return -1;
	case 0:
		break;
	default:
		return 0;
	}
	/* a new process begins with SIGSTOP, and an exec is followed by SIGTRAP: ptrace's own */
	if (WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP)
		return 0;
	return WSTOPSIG(status);
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
	int status;
	pid_t program;

	if (!out) {
		fprintf(stderr, "usage: meter OUTPUT PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	program = fork();
	if (program == 0)
		start(argv + 2);
	if (program < 0 || waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status))
		fail("could not start the program");
	if (ptrace(PTRACE_SETOPTIONS, program, NULL,
		   (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) < 0)
		fail("ptrace");
	(void)ptrace(PTRACE_CONT, program, NULL, NULL);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		int go_on;

		if (pid < 0)
			fail("waitpid");
		if (pid == program && !WIFSTOPPED(status))
			break;
		if (!WIFSTOPPED(status))
			continue;
		go_on = look(out, pid, pid == program, status);
		if (go_on >= 0)
			(void)ptrace(PTRACE_CONT, pid, NULL, (void *)(long)go_on);
	}
	if (fclose(out) != 0)
		fail(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
