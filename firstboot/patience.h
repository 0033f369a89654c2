/*
 * patience.h - waiting for the upstream server, reported in the unit's status; wait_timeout of
 * the ini is the limit.
 */
#ifndef PGREPL_PATIENCE_H
#define PGREPL_PATIENCE_H

#include "host.h"

struct patience {
	const struct host *host;
	const char
		*waiting; /* "waiting for the primary": what the status says meanwhile */
	const char
		*failed; /* "could not connect to the primary": what it says in the end */
	long long started;
	long long deadline; /* -1: for ever */
	int tries;
};

void patience_start(struct patience *patience, const struct host *host,
		    const char *waiting, const char *failed);

/*
 * After a try that failed with this fault. A fault that may pass is reported, and cleared, and 0
 * is returned when it is time for the next try. Otherwise the fault stays, and names the
 * server: -EIO when it is the operator's, -ETIMEDOUT when the time is up, -ECANCELED when the
 * process was told to stop.
 */
int patience_wait(struct patience *patience, struct fault *fault);

/* Is the time up? */
bool patience_is_over(const struct patience *patience);

#endif
