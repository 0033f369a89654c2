/*
 * major.h - what differs between PostgreSQL's majors, in one table.
 *
 * Sources: the release notes of 13 ("wal_keep_segments" became "wal_keep_size";
 * log_min_duration_sample is new), 15 (BASE_BACKUP takes its options in parentheses) and 16
 * (promote_trigger_file is gone; pg_hba.conf can include files and match roles by regular
 * expressions) and 14 (a backslash continues a line of pg_hba.conf); each manual's "Server
 * Configuration" and "Streaming Replication Protocol".
 */
#pragma once

#include <stdbool.h>

struct major {
	int number;
	bool promote_trigger_file;    /* there is such a parameter */
	bool log_min_duration_sample; /* likewise */
	bool hba_continued;           /* a backslash continues a line of pg_hba.conf */
	bool hba_includes; /* it includes files, and /role is a regular expression */
	/* Keeps 2 GiB of WAL for standbys that are being cloned. */
	const char *wal_keep_name;
	const char *wal_keep_value;
	/* The replication command for a backup that begins with a fast checkpoint. */
	const char *base_backup;
};

/* The row of a major: that of the newest one that is not newer. NULL below 12. */
const struct major *major_find(int number);

/* The major of a server by its server_version_num, as PQserverVersion() returns it. */
int major_of_version(int version_num);
