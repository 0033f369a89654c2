#include "selinux.h"

#include "file.h"
#include "spawn.h"

#include <errno.h>
#include <string.h>

enum { TIMEOUT_MS = 10 * 60 * 1000 };

static int run(const char *const *argv, int cancel_fd, struct text *out, struct text *err)
{
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = TIMEOUT_MS,
		.cancel_fd = cancel_fd,
		.out = out,
		.err = err,
	};

	return spawn_run(&spawn);
}

static int failed(const char *program, int status, const struct text *err,
		  struct fault *fault)
{
	STRING_AUTO complaint = text_copy(text_str(err));

	if (status == -ECANCELED)
		return fault_set(fault, FAULT_RETRY, "\"%s\" was stopped", program);
	if (status < 0)
		fault_errno(fault, FAULT_OPERATOR, status, "could not run \"%s\"",
			    program);
	else
		fault_set(fault, FAULT_OPERATOR, "\"%s\" failed with exit code %d",
			  program, status);
	if (*text_trim(complaint))
		fault_detail(fault, "%s", text_trim(complaint));
	fault_hint(fault,
		   "SELinux is enabled and wants its tools: install libselinux-utils, "
		   "policycoreutils and policycoreutils-python (policycoreutils-python-"
		   "utils from EL 8 on).");
	return -EIO;
}

/* Does the policy give the directory the type that the server may write to? */
static int policy_knows(const char *directory, int cancel_fd, struct fault *fault)
{
	const char *argv[] = { "/usr/sbin/matchpathcon", "-n", directory, NULL };
	TEXT_AUTO out = { 0 };
	TEXT_AUTO err = { 0 };
	int status = run(argv, cancel_fd, &out, &err);

	if (status != 0)
		return failed(argv[0], status, &err, fault);
	return strstr(text_str(&out), ":" SELINUX_DATA_TYPE ":") != NULL;
}

/* 1 when restorecon would change something, 0 when not. -n changes nothing. */
static int labels_differ(const char *directory, int cancel_fd, struct fault *fault)
{
	const char *argv[] = {
		"/usr/sbin/restorecon", "-R", "-n", "-v", directory, NULL
	};
	TEXT_AUTO out = { 0 };
	TEXT_AUTO err = { 0 };
	int status;

	/* in a dry run it may not be there yet */
	if (!file_exists(directory))
		return 0;
	status = run(argv, cancel_fd, &out, &err);
	if (status != 0)
		return failed(argv[0], status, &err, fault);
	return out.len > 0;
}

int selinux_look(const char *directory, int cancel_fd, struct selinux_look *ret,
		 struct fault *fault)
{
	const char *argv[] = { "/usr/sbin/selinuxenabled", NULL };
	struct selinux_look look = { .enabled = false };
	TEXT_AUTO err = { 0 };
	int status = run(argv, cancel_fd, NULL, &err);

	if (status < 0 && status != -ENOENT)
		return failed(argv[0], status, &err, fault);
	if (status == 0) {
		int known = policy_knows(directory, cancel_fd, fault);
		int differ = known < 0 ? known
				       : labels_differ(directory, cancel_fd, fault);

		if (differ < 0)
			return differ;
		look = (struct selinux_look){ true, !known, differ };
	}
	*ret = look;
	return 0;
}

/* semanage takes a regular expression: a path's own characters stand for themselves. */
static void add_escaped(struct text *ret, const char *path)
{
	for (; *path; path++) {
		if (strchr(".^$*+?()[]{}|\\", *path))
			text_add(ret, "\\");
		text_add_bytes(ret, path, 1);
	}
}

static int add_rule(const char *directory, int cancel_fd, struct fault *fault)
{
	TEXT_AUTO pattern = { 0 };
	TEXT_AUTO err = { 0 };
	const char *argv[] = { "/usr/sbin/semanage", "fcontext", "-a", "-t",
			       SELINUX_DATA_TYPE,    NULL,       NULL };
	int status;

	add_escaped(&pattern, directory);
	text_add(&pattern, "(/.*)?");
	argv[5] = text_str(&pattern);
	status = run(argv, cancel_fd, NULL, &err);
	return status == 0 ? 0 : failed(argv[0], status, &err, fault);
}

int selinux_label(const char *directory, int cancel_fd, struct fault *fault)
{
	const char *argv[] = { "/usr/sbin/restorecon", "-R", directory, NULL };
	TEXT_AUTO err = { 0 };
	int known = policy_knows(directory, cancel_fd, fault), status;

	if (known < 0 || (!known && add_rule(directory, cancel_fd, fault) < 0))
		return -EIO;
	status = run(argv, cancel_fd, NULL, &err);
	return status == 0 ? 0 : failed(argv[0], status, &err, fault);
}
