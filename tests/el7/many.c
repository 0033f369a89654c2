/*
 * many.c - run a program's main() on many files, without starting it anew for each.
 *
 *   many FOLDER SUFFIX ARGUMENT... -- FILE...
 *
 * Linked with a program whose main() is named one_main() here. For each FILE a fork calls it with the
 * arguments, argv[0] first, "{}" being the file. Its output, on either stream, and "exit code N" go
 * into FOLDER/NAME.SUFFIX, where NAME is the file's without its ".ini".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int one_main(int argc, char **argv);

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int run_one(int argc, char **argv, int out)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
			_exit(126);
		close(out);
		exit(one_main(argc, argv));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("many: fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void ask(const char *folder, const char *suffix, char **arguments, int argc, char *file)
{
	char **argv = calloc((size_t)argc + 1, sizeof(*argv));
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	const char *dot = strrchr(name, '.');
	int length = dot ? (int)(dot - name) : (int)strlen(name);
	char path[4096];
	int out;

	if (!argv)
		fail("many");
	for (int i = 0; i < argc; i++)
		argv[i] = strcmp(arguments[i], "{}") == 0 ? file : arguments[i];
	snprintf(path, sizeof(path), "%s/%.*s.%s", folder, length, name, suffix);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0)
		fail(path);
	if (dprintf(out, "exit code %d\n", run_one(argc, argv, out)) < 0)
		fail(path);
	close(out);
	free(argv);
}

int main(int argc, char **argv)
{
	int end = 3;

	while (end < argc && strcmp(argv[end], "--") != 0)
		end++;
	if (end >= argc || end == 3) {
		fputs("usage: many FOLDER SUFFIX ARGUMENT... -- FILE...\n", stderr);
		return 64;
	}
	for (int i = end + 1; i < argc; i++)
		ask(argv[1], argv[2], argv + 3, end - 3, argv[i]);
	return 0;
}
