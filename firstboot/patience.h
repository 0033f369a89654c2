/*
 * patience.h - waiting for the upstream server, reported in the unit's status; wait_timeout of
 * the ini is the limit.
 */
#pragma once

#include "host.h"

struct patience {
	const struct host *host;
	const char *waiting; /* "waiting for the primary": reported meanwhile */
	const char *failed;  /* "could not connect to the primary": reported in the end */
	long long started;
	long long deadline; /* -1: for ever */
	int tries;
};

void patience_start(struct patience *patience, const struct host *host,
		    const char *waiting, const char *failed);

/*
 * To be called after an attempt that failed with this fault. If it may pass, it is
 * reported and cleared, and 0 is returned when it is time for the next attempt. Otherwise
 * the fault stays: -EIO if it needs the operator; -ETIMEDOUT if the time is up and
 * -ECANCELED if the process was told to stop, and then it names the server.
 */
int patience_wait(struct patience *patience, struct fault *fault);

/* Is the time up? */
bool patience_is_over(const struct patience *patience);
