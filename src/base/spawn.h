/*
 * spawn.h - the one way to run another program.
 *
 * The program is named by an absolute path and gets an argument vector and an environment
 * of the system's PATH and LC_ALL=C alone; no shell is involved. It runs in a process group of its own, and the
 * kernel kills it when the caller dies (PR_SET_PDEATHSIG). When it ends, its time is up,
 * or we are told to stop, the rest of its process group is killed too: pg_basebackup has
 * a child that would live on otherwise. A server started by pg_ctl leaves the group, but
 * perhaps not before pg_ctl has ended: hence leaves_server. The caller ignores SIGPIPE.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"

struct spawn {
	const char *const *argv;    /* argv[0] is the absolute path; ends in NULL */
	const struct secret *input; /* for its standard input, or NULL for none */
	long timeout_ms;            /* 0: none */
	int keep_fd;        /* stays open in the program even if we die; 0: none */
	bool leaves_server; /* on success, the rest of its group lives on */
	struct text *out;   /* standard output, its first 64 KiB; NULL: dropped */
	struct text *err;   /* standard error, its last 4 KiB; NULL: dropped */
	/* Called with each line of standard error, ended by LF or CR; may be NULL. */
	void (*on_err_line)(void *arg, const char *line);
	void *arg;
};

/*
 * Runs it to its end. Returns the exit code (0 to 255, 128 + n for signal n), or a
 * negative errno: what kept it from starting, -ETIMEDOUT, or -ECANCELED if we were told
 * to stop.
 */
int spawn_run(const struct spawn *spawn);

/*
 * Turns what spawn_run() returned, other than 0, into a fault: one that was stopped may be
 * tried again, anything else needs the operator. name is how the operator knows the program;
 * what it said last (err may be NULL) becomes the detail. Returns -ECANCELED when it was
 * stopped, the errno that kept it from starting or ended it, or -EIO for its exit code.
 */
int spawn_fault(const char *name, int status, const struct text *err, struct fault *fault);

/*
 * Both at once, for a program whose every failure is a fault; spawn->err need not be set. name
 * NULL stands for argv[0]. hint, which may be NULL, is added unless the program was stopped.
 */
int spawn_succeed(const struct spawn *spawn, const char *name, const char *hint,
		  struct fault *fault);

/* The same for a program that says yes with 0, and no with the exit code no: 1 or 0. */
int spawn_ask(const struct spawn *spawn, const char *name, const char *hint, int no,
	      struct fault *fault);
