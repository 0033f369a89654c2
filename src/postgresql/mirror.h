/*
 * mirror.h - the configuration of a data directory, copied to another directory: PG_VERSION,
 * global/pg_control, postgresql.conf, what it includes, postgresql.auto.conf, and pg_hba.conf. Files
 * outside of the data directory are not copied: they are this host's own.
 */
#pragma once

#include "postgresql/replication.h"

/*
 * From the upstream server, through a login to the database postgres; needs the right to run
 * what replication_grant_sql() grants. What it sends is limited in number and size. 0, or a
 * negative errno and the fault.
 */
int mirror_from_upstream(const struct replication_login *login, const char *directory,
			 struct fault *fault);

/* From a directory of this host. */
int mirror_from_directory(const char *from, const char *directory, struct fault *fault);
