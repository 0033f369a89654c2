/*
 * holdings.h - what a cluster holds that its parameters must have room for: a server does not
 * start if there is more of it than they allow (StartupReplicationSlots(),
 * restoreTwoPhaseData() and RestoreSlotFromDisk() of PostgreSQL).
 */
#pragma once

#include "base/fault.h"

struct holdings {
	long slots;            /* replication slots that survive a restart */
	char logical_slot[65]; /* the name of a logical one, or "" */
	long prepared;         /* prepared transactions, as of the last checkpoint */
};

/* Looks in the directory's files; what cannot be read counts as nothing. */
void holdings_look(const char *directory, struct holdings *ret);

/* The size of the cluster's WAL segments, by that of the files in pg_wal; 16 MiB if there is none. */
long holdings_segment_bytes(const char *directory);
