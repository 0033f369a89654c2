/*
 * report.h - status, and what verify shows; rows V1 to V4 of the manual procedure.
 *
 * All of it goes to standard output, for a person or, status alone, as one JSON object.
 */
#ifndef PGREPL_REPORT_H
#define PGREPL_REPORT_H

#include "host.h"

/*
 * What the local server is and does, whichever role it was set up for. Returns 0 when it
 * answers and, as a standby, streams; else a negative errno and the fault.
 */
int report_status(struct host *host, bool json, struct fault *fault);

/* V1: a real replication connection. ret may be NULL. */
int report_log_in(struct host *host, const struct replication_login *login,
		  struct replication_upstream *ret, struct fault *fault);

/* P8: the replication role and its attributes. */
int report_role(struct host *host, struct fault *fault);

/*
 * V2 and V4 on a primary: every walsender's standby replays what is written now, within
 * timeout_ms.
 */
int report_standbys_caught_up(struct host *host, long timeout_ms, struct fault *fault);

/*
 * V3 and V4 on a standby: what the primary has now is replayed here, within timeout_ms.
 */
int report_caught_up(struct host *host, const struct replication_login *login,
		     const struct replication_upstream *upstream, long timeout_ms,
		     struct fault *fault);

#endif
