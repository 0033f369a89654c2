/*
 * major.h - what differs between PostgreSQL's majors, in one table.
 *
 * Sources: the release notes of 13 ("wal_keep_segments" became "wal_keep_size") and 16
 * (promote_trigger_file is gone), each manual's "Server Configuration".
 */
#ifndef PGREPL_MAJOR_H
#define PGREPL_MAJOR_H

#include <stdbool.h>

struct major {
	int number;
	/* Keeps 2 GiB of WAL for standbys that are being cloned. */
	const char *wal_keep_name;
	const char *wal_keep_value;
	bool promote_trigger_file; /* there is such a parameter */
};

/* The row of a major: the newest one that is not newer. NULL below 12. */
const struct major *major_find(int number);

#endif
