/*
 * step.h - the runner of a table of steps.
 *
 * A step says what has to be true of the host. setup goes check, apply, check again: a
 * step that does not hold after its apply is an error. A dry run is the same table with
 * check alone.
 */
#ifndef PGREPL_STEP_H
#define PGREPL_STEP_H

#include "base/fault.h"

struct host;

enum step_state {
	STEP_DONE,    /* it is true already; detail says what was seen */
	STEP_NEEDED,  /* apply would make it true; detail says what it would do */
	STEP_REFUSED, /* it cannot be made true: the fault says why */
};

struct step {
	const char *name;
	/* Applies to a cluster that is not in place yet, and to no other. */
	bool staged_only;
	/* Has to look at the host, change nothing, and be quick. */
	enum step_state (*check)(struct host *host, struct text *detail,
				 struct fault *fault);
	/* 0, or a negative errno and the fault. NULL: check never says STEP_NEEDED. */
	int (*apply)(struct host *host, struct fault *fault);
};

/* Runs the table, prints a line a step to standard output, and returns an exit code. */
int step_run_all(struct host *host, const struct step *steps, size_t count);

/* The same with check alone. */
int step_dry_run_all(struct host *host, const struct step *steps, size_t count);

#endif
