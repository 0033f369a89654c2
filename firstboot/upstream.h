/*
 * upstream.h - the server that a standby follows: it is waited for, looked at, and
 * refused where it cannot be followed.
 */
#ifndef PGREPL_UPSTREAM_H
#define PGREPL_UPSTREAM_H

#include "host.h"

/* How long, and how often, something was tried; wait_timeout of the ini is its limit. */
struct patience {
	long long started;
	long long deadline; /* -1: for ever */
	int tries;
};

void patience_start(struct patience *patience, const struct host *host);

/*
 * Waits before the next try, and says for what in the unit's status, unless the fault is
 * the operator's or the time is up: then it stays set and a negative errno is returned.
 * Clears it otherwise.
 */
int patience_wait(struct patience *patience, struct host *host, const char *what,
		  struct fault *fault);

/*
 * Asks the upstream server who it is, into host->upstream; refuses one that cannot be
 * followed.
 */
int reach_upstream(struct host *host, struct fault *fault);

/* It answers, and can be followed. */
enum step_state primary_check(struct host *host, struct text *detail,
			      struct fault *fault);
int primary_apply(struct host *host, struct fault *fault);

/* Its tablespaces are known, and have a place here. */
enum step_state tablespaces_check(struct host *host, struct text *detail,
				  struct fault *fault);
int tablespaces_apply(struct host *host, struct fault *fault);

#endif
