/*
 * clone_mark.h - the file that marks a clone in staging as complete, so that a later run
 * can go on with it: whatever kept the run that copied it from putting it in place may be put
 * right without another copy. cluster_clear_staging() and cluster_place() remove it first.
 */
#pragma once

#include "postgresql/cluster.h"
#include "postgresql/history.h"

#include <stdint.h>

struct clone_mark {
	char system_id[24];
	struct wal_position end; /* of what WAL it has */
	uint64_t lsn; /* the first WAL that it needs from its upstream server */
};

/*
 * To be called when everything has been copied. Syncs staging, and marks it durably; 0, or a
 * negative errno and the fault.
 */
int clone_mark_write(const struct cluster *cluster, struct fault *fault);

/* -ENOENT if there is none, -EINVAL for one that cannot be read. */
int clone_mark_read(const struct cluster *cluster, struct clone_mark *ret);

bool clone_mark_exists(const struct cluster *cluster);
