/*
 * major.h - what differs between PostgreSQL's majors, in one table. (Which parameters a major
 * has is in the table of src/settings/parameters.c.)
 *
 * Sources: the release notes of 13 (log_min_duration_sample is new), 14 (a backslash continues a
 * line of pg_hba.conf), 15 (BASE_BACKUP takes its options in parentheses) and 16 (pg_hba.conf can
 * include files and match roles by regular expressions); each manual's "Server Configuration" and
 * "Streaming Replication Protocol".
 */
#pragma once

#include <stdbool.h>

struct major {
	int number;
	bool log_min_duration_sample; /* there is such a parameter */
	bool hba_continued;           /* a backslash continues a line of pg_hba.conf */
	bool hba_includes; /* it includes files, and /role is a regular expression */
	/* The replication command for a backup that begins with a fast checkpoint. */
	const char *base_backup;
};

/* The row of a major: that of the newest one that is not newer. NULL below 12. */
const struct major *major_find(int number);

/* The major of a server by its server_version_num, as PQserverVersion() returns it. */
int major_of_version(int version_num);
