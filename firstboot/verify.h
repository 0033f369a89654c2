/*
 * verify.h - what proves that replication works: rows V1 to V4 of the manual procedure,
 * each told on standard output.
 *
 * Every function returns 0, or a negative errno and the fault.
 */
#pragma once

#include "host.h"

/* V1: a real replication connection. ret may be NULL. */
int verify_log_in(struct host *host, const struct replication_login *login,
		  struct replication_upstream *ret, struct fault *fault);

/* P8: the replication role and its attributes. */
int verify_role(struct host *host, struct fault *fault);

/* V2 and V4 on a primary: every standby replays what is written now within timeout_ms. */
int verify_standbys_caught_up(struct host *host, long timeout_ms, struct fault *fault);

/* V3 and V4 on a standby: what the primary has now is replayed within timeout_ms. */
int verify_caught_up(struct host *host, const struct replication_login *login,
		     const struct replication_upstream *upstream, long timeout_ms,
		     struct fault *fault);
