/*
 * lineage.h - how the cluster in PGDATA relates to another server of its system: which of
 * the two was promoted last, and has one of them what the other does not have?
 *
 * An ini that names a server that is no longer the primary must do no harm. So setup
 * writes to a standby only if it can follow the server, and moves aside only what the
 * server's history shows to be older than the server.
 */
#pragma once

#include "host.h"
#include "postgresql/history.h"
#include "step.h"

/*
 * May setup act on what is in PGDATA, to have it follow this server, reached by this login?
 * Refuses a standby that cannot follow it, and any other cluster of the same system that is
 * not older. If it is not refused, what is added to ret_what, unless that is NULL: "timeline
 * 1 at 0/4000060, which is a part of the history of 10.0.0.1:5432, timeline 2 at 0/5000148";
 * nothing if there is no cluster, or one of another system.
 */
int lineage_check(struct host *host, const struct replication_login *login,
		  const struct replication_upstream *upstream, struct text *ret_what,
		  struct fault *fault);

/*
 * May the complete clone in staging, whose WAL ends here, follow this server? 0, -ESTALE and
 * the fault if the server was promoted before that and does not have all of it, or another
 * negative errno and the fault.
 */
int lineage_check_clone(const struct host *host, const struct replication_login *login,
			const struct replication_upstream *upstream,
			struct wal_position here, struct fault *fault);

/*
 * On a primary whose server is down: starting it does not make a second primary. Refused if
 * the server at primary_host accepts writes to the same system, or was promoted later; or
 * if there is one, and no cluster here yet. One that does not answer is not in the way.
 */
step_check other_primary_check;
