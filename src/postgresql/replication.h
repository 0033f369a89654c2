/*
 * replication.h - the replication role, the connection to the upstream server, and
 * whether WAL streams.
 */
#pragma once

#include "base/secret.h"
#include "postgresql/db.h"

#include <stdint.h>

/* A position in the WAL (pg_lsn): two hexadecimal numbers. */
int replication_parse_lsn(const char *s, uint64_t *ret);
void replication_add_lsn(struct text *ret, uint64_t lsn);

/* --- the role, on a primary --- */

/* One line of SQL that creates the role, or alters an existing one. */
void replication_role_sql(struct secret *ret, const char *role,
			  const struct secret *verifier, bool exists);

/*
 * The same for the right to run the functions with which a standby reads the primary's
 * configuration, in the database postgres; pg_rewind needs them too (its manual, "Notes"). It
 * adds no power: a role with REPLICATION can copy the whole cluster.
 */
void replication_grant_sql(struct text *ret, const char *role);

/* An SQL condition: the role whose oid is in that column can run them. */
extern const char replication_can_read[];

struct replication_role {
	bool exists;
	bool can_read;     /* has what replication_grant_sql() grants */
	bool complete;     /* LOGIN and REPLICATION, with a password */
	bool limited;      /* to fewer connections than one standby needs */
	bool has_password; /* of any kind */
	bool has_verifier; /* the one that was asked about */
};

/* Lifts the limit. A statement as above, but it leaves the password alone. */
void replication_role_unlimited_sql(struct text *ret, const char *role);

/* verifier may be NULL or not set. */
int replication_role_look(struct db *db, const char *role, const struct secret *verifier,
			  struct replication_role *ret, struct fault *fault);

/* --- the connection to a server that sends WAL --- */

/* The application_name of a clone's walsenders, which do not serve a standby yet. */
#define REPLICATION_CLONE_NAME "pgrepl-clone"

/* The upstream server, and how the replication role logs in to it. */
struct replication_login {
	const char *host;
	long port;
	const char *user;
	const struct secret *password;
	bool tls;
	const char *tls_root_cert; /* "": any certificate will do */
	const char *database;      /* for other than replication; NULL: postgres */
	struct db_timeouts timeouts;
};

/* The same as a connection string for programs, with passfile for the password. */
void replication_conninfo(struct text *ret, const struct replication_login *login,
			  const char *passfile, const char *application_name);

/* Opens a replication connection (db.h). */
int replication_open(const struct replication_login *login, struct db *db,
		     struct fault *fault);

/* Not to be lower on a standby than on its primary (manual, "Hot Standby"). */
enum { REPLICATION_RAISED_WALSENDERS = 2, REPLICATION_RAISED = 5 };
extern const char *const replication_raised[REPLICATION_RAISED];

struct replication_upstream {
	char system_id[24];
	long timeline;
	uint64_t lsn; /* flushed, or on a cascading standby replayed */
	int version_num;
	long raised[REPLICATION_RAISED]; /* the values of replication_raised */
};

/* Logs in to the database; db_close() closes the connection. */
int replication_open_database(const struct replication_login *login, struct db *db,
			      struct fault *fault);

/* Opens a replication connection and runs IDENTIFY_SYSTEM; if raised, fills that too. */
int replication_identify(const struct replication_login *login, bool raised,
			 struct replication_upstream *ret, struct fault *fault);

/*
 * Logs in to the database postgres and out again. 1 if the server asked for the password
 * and accepted it, 0 if it let the role in without one, or a negative errno.
 */
int replication_log_in(const struct replication_login *login, struct fault *fault);

/*
 * Adds the directories of the upstream's tablespaces, one per line. -EACCES, and no
 * fault, if it does not let the role into a database.
 */
int replication_tablespaces(const struct replication_login *login, struct text *ret,
			    struct fault *fault);

/*
 * The same without a database, like pg_basebackup: from a base backup that is abandoned
 * before a byte of it is sent. It costs the upstream a checkpoint; timeout_ms is the
 * limit.
 */
int replication_tablespaces_of_backup(const struct replication_login *login, long timeout_ms,
				      struct text *ret, struct fault *fault);

/*
 * Does the upstream server still have the WAL of a timeline from a position on, and is that
 * in its own history? Asks for it. 0, or a negative errno and the fault: FAULT_RETRY if it
 * could not be asked, else with the reason.
 */
int replication_has_wal(const struct replication_login *login, long timeline,
			uint64_t lsn, struct fault *fault);

/*
 * The first keyword by which a connection string protects a connection more than another, or
 * NULL; *ret_value, which the caller frees, is its value. What libpq cannot read protects nothing.
 */
const char *replication_find_weakened(const char *before, const char *after,
				      char **ret_value);

/* A copy of the value of a keyword in a connection string, or NULL. */
char *replication_conninfo_get(const char *conninfo, const char *keyword);

/*
 * Does a walsender of the upstream serve application_name (pg_stat_replication)? 1, 0, or
 * a negative errno if it does not let the role ask.
 */
int replication_sender_seen(const struct replication_login *login,
			    const char *application_name);

/*
 * Is the server behind a replication connection in recovery, as far as it tells? A
 * connection that has been lost counts as one to a primary.
 */
bool replication_is_standby(struct db *db);

/* --- streaming, as the standby's own server sees it --- */

struct replication_state {
	bool in_recovery;
	bool streaming;       /* the walreceiver's status */
	long walreceiver_pid; /* 0: there is none */
	char status[32];
	char sender_host[256];
	long sender_port;
	char system_id[24];
	uint64_t received_lsn, replayed_lsn; /* 0: nothing yet */
	long timeline;
	double replay_delay_s; /* age of the last replayed commit; negative: unknown */
};
int replication_look(struct db *db, struct replication_state *ret, struct fault *fault);
