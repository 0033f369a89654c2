/*
 * spawn.h - the one way to run another program.
 *
 * The program is named by an absolute path, gets an argument vector and an
 * explicit environment, and no shell is involved. It runs in a process group of
 * its own and is killed by the kernel when the caller dies (PR_SET_PDEATHSIG).
 * When it ends, or its time is up, or the caller is told to stop, whatever is left of its
 * process group is killed too: pg_basebackup has a child that would live on otherwise. A
 * server that pg_ctl started leaves the group, but maybe not before pg_ctl has ended:
 * leaves_server is for that. The caller ignores SIGPIPE.
 */
#ifndef PGREPL_SPAWN_H
#define PGREPL_SPAWN_H

#include "base/fault.h"

struct spawn {
	const char *const *argv; /* argv[0] is the absolute path; ends in NULL */
	const char *const *envp; /* NULL: spawn_clean_env */
	const char *input;       /* given on standard input, or NULL for none */
	long timeout_ms;         /* 0: none */
	int keep_fd;             /* stays open in it, whatever becomes of us; 0: none */
	bool leaves_server;      /* on success the rest of its group is let live */
	struct text *out;        /* standard output, its first 64 KiB; NULL: dropped */
	struct text *err;        /* standard error, its last 4 KiB; NULL: dropped */
	/* Called with each line of standard error, ended by LF or CR; may be NULL. */
	void (*on_err_line)(void *arg, const char *line);
	void *arg;
};

/* PATH of the system's folders, LC_ALL=C: nothing of the caller's, no PG* variable. */
extern const char *const spawn_clean_env[];

/*
 * Runs it to its end. Returns the exit status (0 to 255, 128 + n for signal n),
 * or a negative errno: what kept it from starting, -ETIMEDOUT, or -ECANCELED.
 */
int spawn_run(const struct spawn *spawn);

/*
 * What spawn_run() returned, other than 0, as a fault: stopped passes, all else is the
 * operator's; what the program said last (err may be NULL) is the detail. name is how the operator
 * knows the program. Returns a negative errno.
 */
int spawn_fault(const char *name, int status, const struct text *err,
		struct fault *fault);

#endif
