/*
 * upstream.h - the server that a standby follows: waiting for it, looking at it, and
 * refusing one that cannot be followed.
 */
#pragma once

#include "host.h"
#include "step.h"

/*
 * Logs in to the upstream server and asks what it is; *ret_login is how. Refuses this host
 * itself. No other check is made of it, and nothing is remembered.
 */
int upstream_ask(struct host *host, struct replication_login *ret_login,
		 struct replication_upstream *ret, struct fault *fault);

/*
 * Identifies the upstream server into host->upstream and, while nothing is in place yet,
 * asks for its tablespaces. Refuses a server that cannot be followed. If it cannot be
 * reached and that may pass, the fault does not name the server: the caller's patience
 * does (patience.h).
 */
int upstream_reach(struct host *host, struct fault *fault);

/* The primary answers, and can be followed. */
step_check primary_check;
step_apply primary_apply;

/* The primary's tablespaces are known, and each has a place on this host. */
step_check tablespaces_check;
step_apply tablespaces_apply;
