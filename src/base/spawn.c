#include "base/spawn.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OUT_MAX = 64 * 1024,
	ERR_TAIL = 4 * 1024,
	GRACE_MS = 5000, /* from SIGTERM to SIGKILL */
};

static const char *const clean_env[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	NULL,
};

struct running {
	const struct spawn *spawn;
	pid_t pid;
	int in, out, err; /* our ends; -1 once closed */
	int chld;         /* signalfd for SIGCHLD */
	size_t in_done;
	struct text line;
};

struct pipes {
	int in[2], out[2], err[2], exec[2];
};

static void pipes_close(struct pipes *pipes)
{
	int *all = (int *)pipes;

	for (size_t i = 0; i < sizeof(*pipes) / sizeof(int); i++)
		file_close(&all[i]);
}

static int pipes_open(struct pipes *pipes)
{
	memset(pipes, 0xff, sizeof(*pipes));
	if (pipe2(pipes->in, O_CLOEXEC) < 0 || pipe2(pipes->out, O_CLOEXEC) < 0 ||
	    pipe2(pipes->err, O_CLOEXEC) < 0 || pipe2(pipes->exec, O_CLOEXEC) < 0) {
		int r = -errno;

		pipes_close(pipes);
		return r;
	}
	return 0;
}

/* The child, up to the exec: async-signal-safe calls only. */
static void __attribute__((noreturn))
child_exec(const struct spawn *spawn, const struct pipes *pipes, pid_t parent)
{
	sigset_t none;
	int error;

	sigemptyset(&none);
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	    getppid() == parent && dup2(pipes->in[0], STDIN_FILENO) >= 0 &&
	    dup2(pipes->out[1], STDOUT_FILENO) >= 0 &&
	    dup2(pipes->err[1], STDERR_FILENO) >= 0 && chdir("/") == 0 &&
	    (!spawn->keep_fd || fcntl(spawn->keep_fd, F_SETFD, 0) == 0) &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		(void)execve(spawn->argv[0], (char *const *)spawn->argv,
			     (char *const *)clean_env);
	error = errno;
	(void)!write(pipes->exec[1], &error, sizeof(error));
	_exit(127);
}

static int start(struct running *run)
{
	struct pipes pipes;
	pid_t parent = getpid();
	int error = 0, r = pipes_open(&pipes);
	ssize_t n;

	if (r < 0)
		return r;
	run->pid = fork();
	if (run->pid < 0) {
		r = -errno;
		pipes_close(&pipes);
		return r;
	}
	if (run->pid == 0)
		child_exec(run->spawn, &pipes, parent);
	file_close(&pipes.exec[1]);
	do
		n = read(pipes.exec[0], &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(error)) {
		waitpid(run->pid, NULL, 0);
		pipes_close(&pipes);
		return error ? -error : -EIO;
	}
	run->in = pipes.in[1];
	run->out = pipes.out[0];
	run->err = pipes.err[0];
	pipes.in[1] = pipes.out[0] = pipes.err[0] = -1;
	pipes_close(&pipes);
	(void)fcntl(run->in, F_SETFL, O_NONBLOCK);
	return 0;
}

static void feed(struct running *run)
{
	const char *input = secret_reveal(run->spawn->input);
	size_t len = secret_len(run->spawn->input) - run->in_done;
	ssize_t n = len ? write(run->in, input + run->in_done, len) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		run->in_done += (size_t)n;
	/* a program that stopped reading reports the reason itself */
	if (n < 0 || (size_t)n == len)
		file_close(&run->in);
}

static void err_lines(struct running *run, const char *bytes, size_t len)
{
	if (!run->spawn->on_err_line)
		return;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r') {
			text_add_bytes(&run->line, &bytes[i], 1);
			continue;
		}
		if (run->line.len)
			run->spawn->on_err_line(run->spawn->arg, run->line.s);
		text_reset(&run->line);
	}
}

static void drain(struct running *run, int *fd)
{
	char chunk[4096];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		file_close(fd);
		return;
	}
	if (fd == &run->out) {
		struct text *out = run->spawn->out;

		if (out && out->len + (size_t)n <= OUT_MAX)
			text_add_bytes(out, chunk, (size_t)n);
		return;
	}
	err_lines(run, chunk, (size_t)n);
	if (run->spawn->err) {
		struct text *err = run->spawn->err;

		text_add_bytes(err, chunk, (size_t)n);
		if (err->len > ERR_TAIL) {
			size_t cut = err->len - ERR_TAIL;

			memmove(err->s, err->s + cut, ERR_TAIL + 1);
			err->len = ERR_TAIL;
		}
	}
}

/* Has the program itself ended? Then *ret_status is set. */
static bool reap(struct running *run, int *ret_status)
{
	struct signalfd_siginfo info;
	siginfo_t ended = { .si_pid = 0 };
	int status;

	while (read(run->chld, &info, sizeof(info)) > 0)
		;
	/* left as a zombie for now, so that its process group id cannot be reused */
	if (waitid(P_PID, (id_t)run->pid, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    ended.si_pid != run->pid)
		return false;
	/* whatever is left of the group belongs to the program and ends with it */
	if (!run->spawn->leaves_server || ended.si_code != CLD_EXITED || ended.si_status)
		kill(-run->pid, SIGKILL);
	if (waitpid(run->pid, &status, 0) != run->pid)
		return false;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

/* Reads what is left in the pipes; writers may outlive the program. */
static void drain_rest(struct running *run)
{
	int *const ends[] = { &run->out, &run->err };

	for (size_t i = 0; i < 2; i++) {
		if (*ends[i] >= 0)
			(void)fcntl(*ends[i], F_SETFL, O_NONBLOCK);
		while (*ends[i] >= 0)
			drain(run, ends[i]);
	}
	if (run->line.len && run->spawn->on_err_line)
		run->spawn->on_err_line(run->spawn->arg, run->line.s);
}

/* One round of waiting and moving bytes. Returns whether we were told to stop. */
static bool pump(struct running *run, bool stoppable, long long deadline)
{
	struct pollfd fds[] = {
		{ .fd = run->chld, .events = POLLIN },
		{ .fd = run->out, .events = POLLIN },
		{ .fd = run->err, .events = POLLIN },
		{ .fd = run->in, .events = POLLOUT },
		{ .fd = stoppable ? stop_fd() : -1, .events = POLLIN },
	};

	if (poll(fds, 5, clock_left_ms(deadline)) <= 0)
		return false;
	if (fds[1].revents)
		drain(run, &run->out);
	if (fds[2].revents)
		drain(run, &run->err);
	if (fds[3].revents)
		feed(run);
	return fds[4].revents != 0;
}

static int supervise(struct running *run)
{
	long timeout_ms = run->spawn->timeout_ms;
	long long deadline = timeout_ms ? clock_ms() + timeout_ms : -1;
	int verdict = 0, status;

	while (!reap(run, &status)) {
		bool stop = pump(run, !verdict, deadline);

		if (!stop && (deadline < 0 || clock_ms() < deadline))
			continue;
		/* ask first; kill when the grace period is over */
		kill(-run->pid, verdict ? SIGKILL : SIGTERM);
		if (!verdict)
			verdict = stop ? -ECANCELED : -ETIMEDOUT;
		deadline = clock_ms() + GRACE_MS;
		file_close(&run->in);
	}
	drain_rest(run);
	return verdict ? verdict : status;
}

int spawn_run(const struct spawn *spawn)
{
	struct running run = { .spawn = spawn, .in = -1, .out = -1, .err = -1, .chld = -1 };
	sigset_t chld, before;
	int r;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	run.chld = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	r = run.chld < 0 ? -errno : start(&run);
	if (r == 0) {
		if (!spawn->input)
			file_close(&run.in);
		r = supervise(&run);
	}
	file_close(&run.in);
	file_close(&run.out);
	file_close(&run.err);
	file_close(&run.chld);
	text_free(&run.line);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

int spawn_fault(const char *name, int status, const struct text *err, struct fault *fault)
{
	STRING_AUTO complaint = text_copy(err ? text_str(err) : "");

	if (status == -ECANCELED) {
		fault_set(fault, FAULT_RETRY, "\"%s\" was stopped", name);
		return status;
	}
	if (status < 0)
		fault_errno(fault, FAULT_OPERATOR, status, "could not run \"%s\"", name);
	else
		fault_set(fault, FAULT_OPERATOR, "\"%s\" failed with exit code %d", name,
			  status);
	if (*text_trim(complaint))
		fault_detail(fault, "%s", text_trim(complaint));
	return status < 0 ? status : -EIO;
}

int spawn_ask(const struct spawn *spawn, const char *name, const char *hint, int no,
	      struct fault *fault)
{
	struct spawn with_err = *spawn;
	TEXT_AUTO err = { 0 };
	int r;

	if (!with_err.err)
		with_err.err = &err;
	r = spawn_run(&with_err);
	if (r == 0 || r == no)
		return r == 0;
	r = spawn_fault(name ? name : spawn->argv[0], r, with_err.err, fault);
	if (hint && r != -ECANCELED)
		fault_hint(fault, "%s", hint);
	return r;
}

int spawn_succeed(const struct spawn *spawn, const char *name, const char *hint,
		  struct fault *fault)
{
	int r = spawn_ask(spawn, name, hint, 0, fault);

	return r < 0 ? r : 0;
}
