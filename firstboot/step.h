/*
 * step.h - the runner of a table of steps.
 *
 * A step says what has to be true of the host. setup goes check, apply, check again: a
 * step that does not hold after its apply is an error. A dry run is the same table with
 * check alone.
 *
 * Each step prints a line whose first word is "ok" (it held already), "changed", "would" (in
 * a dry run), "refused" (check found something that setup must not touch: this step has
 * changed nothing) or "failed" (apply did not succeed, or what it did does not hold).
 */
#pragma once

#include "base/fault.h"

struct host;

enum step_state {
	STEP_DONE,   /* it is true; detail says what was seen */
	STEP_NEEDED, /* apply would make it true; detail says what it would do: in its first
		       * line, and each change in a line of its own below that */
	STEP_REFUSED, /* it must not be made true: the fault says why */
};

/*
 * Looks at the host, changes nothing, and is quick. If an apply leaves nothing to look
 * at, the step's header says what its check relies on.
 */
typedef enum step_state step_check(struct host *host, struct text *detail,
				   struct fault *fault);

/* Makes it true: 0, or a negative errno and the fault. */
typedef int step_apply(struct host *host, struct fault *fault);

enum step_when {
	ALWAYS = 0,
	UNTIL_IN_PLACE, /* about staging: skipped once a cluster of our role is in PGDATA */
};

struct step {
	const char *name; /* printed; no other step of the role has it */
	const char *row; /* of the procedure by hand that it stands for: "P4"; NULL: none */
	enum step_when when;
	step_check *check;
	step_apply *apply; /* NULL: check never says STEP_NEEDED */
};

/* Runs the role's table, prints a line per step to standard output, and returns an exit code. */
int step_run_all(struct host *host);

/* The same with check alone. */
int step_dry_run_all(struct host *host);

/* STEP_DONE and STEP_NEEDED, with what is added to detail; STEP_REFUSED, with a hint. */
enum step_state step_done(struct text *detail, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum step_state step_needed(struct text *detail, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum step_state step_refused(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);
