/*
 * upstream.h - the server that a standby follows: it is waited for, looked at, and
 * refused where it cannot be followed.
 */
#ifndef PGREPL_UPSTREAM_H
#define PGREPL_UPSTREAM_H

#include "host.h"
#include "step.h"

/*
 * Asks the upstream server who it is, into host->upstream, and, while nothing is in place yet,
 * for its tablespaces. Refuses one that cannot be followed. The fault of one that cannot be
 * reached, and that may pass, leaves it to the caller to name the server (patience.h).
 */
int upstream_reach(struct host *host, struct fault *fault);

/* It answers, and can be followed. */
step_check primary_check;
step_apply primary_apply;

/* Its tablespaces are known, and have a place here. */
step_check tablespaces_check;
step_apply tablespaces_apply;

#endif
