/*
 * history.h - timelines: where a cluster is, and what a server's history says about it.
 *
 * Each promotion begins a timeline, whose number is one higher than any that the server
 * knows of. Its file NNNNNNNN.history in pg_wal says which timelines came before it, and
 * where each was left: "1<tab>0/3000158<tab>reason" (manual, "Timelines"; readTimeLineHistory()
 * in src/backend/access/transam/timeline.c). A walsender sends it for TIMELINE_HISTORY.
 *
 * Two servers that were promoted apart may both call their timeline 2: the number alone
 * does not tell them apart, but the place where they left timeline 1 does.
 */
#pragma once

#include "postgresql/replication.h"

struct wal_position {
	long timeline;
	uint64_t lsn;
};

/* The timelines before a server's own, oldest first, and where it left each. */
struct history {
	struct wal_position *left;
	size_t count;
};

/* Parses the content of a history file: 0 or -EINVAL. ret has to be freed after success. */
int history_parse(const char *content, struct history *ret);
void history_free(struct history *history);
#define HISTORY_AUTO CLEANUP(history_free) struct history

/* Where a cluster is, seen from a server of the same system. */
enum history_relation {
	HISTORY_SAME,   /* on the server's own timeline */
	HISTORY_BEHIND, /* on one that the server left later: it can catch up */
	HISTORY_FORKED, /* on one that the server left earlier: it has WAL of its own */
	HISTORY_NEWER,  /* on a timeline newer than the server's */
	HISTORY_APART,  /* on one that the server was never on, as far as is known */
};

/* ours and theirs are what came before the timelines of here and server. */
enum history_relation history_relate(struct wal_position here, const struct history *ours,
				     struct wal_position server,
				     const struct history *theirs);

/*
 * Where the cluster in a directory is: its latest checkpoint, in pg_control. That is where
 * a server was stopped; one that crashed, or that runs, has gone further. The timeline is
 * that of the newest history file, if that is newer, because pg_control has the old one
 * until the first checkpoint after a promotion. ret_system gets the system identifier.
 * 0, -ENOENT without a pg_control, or another negative errno.
 *
 * This reads the file and does not run pg_controldata: the fields up to the timeline are
 * in the same place from PostgreSQL 11 to 18 (src/include/catalog/pg_control.h).
 */
int history_locate(const char *directory, char ret_system[24], struct wal_position *ret);

/* The history file of the cluster's timeline; an absent one is the empty history. */
int history_read(const char *directory, long timeline, struct history *ret);

/*
 * Asks the server for the history of a timeline. 0, or a negative errno: -ENODATA and no
 * fault if what it sent is no history, or it has none.
 */
int history_fetch(const struct replication_login *login, long timeline,
		  struct history *ret, struct fault *fault);
