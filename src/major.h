/*
 * major.h - what differs between PostgreSQL's majors, in one table.
 *
 * Sources: the release notes of 13 ("wal_keep_segments" became "wal_keep_size"; changes of
 * primary_conninfo need no restart) and 16 (pg_hba.conf), each manual's "Server Configuration".
 */
#ifndef PGREPL_MAJOR_H
#define PGREPL_MAJOR_H

struct major {
	int number;
	/* Keeps 2 GiB of WAL for standbys that are being cloned. */
	const char *wal_keep_name;
	const char *wal_keep_value;
};

/* The row of a major: the newest one that is not newer. NULL below 12. */
const struct major *major_find(int number);

#endif
