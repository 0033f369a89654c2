/*
 * replication.h - the replication role, the connection to the upstream server, and
 * whether WAL streams.
 */
#pragma once

#include "base/secret.h"
#include "postgresql/db.h"

#include <stdint.h>

/* A position in the WAL, as PostgreSQL writes it: two hexadecimal halves. */
int replication_parse_lsn(const char *s, uint64_t *ret);
void replication_add_lsn(struct text *ret, uint64_t lsn);

/* --- the role, on a primary --- */

/*
 * One line of SQL that creates the role, or brings the one that exists to what is needed.
 */
void replication_role_sql(struct secret *ret, const char *role,
			  const struct secret *verifier, bool exists);

struct replication_role {
	bool exists;
	bool complete;     /* LOGIN and REPLICATION, and a password is set */
	bool has_password; /* of any kind */
	bool has_verifier; /* exactly the one that was asked about */
};

/* verifier may be NULL or not set. */
int replication_role_look(struct db *db, const char *role, const struct secret *verifier,
			  struct replication_role *ret, struct fault *fault);

/* --- the connection to a server that sends WAL --- */

/* A clone's walsenders have this application_name: they are no standby yet. */
#define REPLICATION_CLONE_NAME "pgrepl-clone"

/* Where the upstream server is, and how the replication role logs in to it. */
struct replication_login {
	const char *host;
	long port;
	const char *user;
	const struct secret *password;
	bool tls;
	const char *tls_root_cert; /* "": any certificate will do */
	int timeout_ms;
};

/*
 * The same as a connection string, for programs of PostgreSQL. The password is not in it:
 * passfile is.
 */
void replication_conninfo(struct text *ret, const struct replication_login *login,
			  const char *passfile, const char *application_name);

/* Those that a standby must not have lower than its primary (manual, "Hot Standby"). */
enum { REPLICATION_RAISED = 5 };
extern const char *const replication_raised[REPLICATION_RAISED];

struct replication_upstream {
	char system_id[24];
	long timeline;
	uint64_t lsn; /* flushed, or on a cascading standby replayed */
	int version_num;
	long raised[REPLICATION_RAISED]; /* the values of replication_raised */
};

/*
 * Opens a real replication connection and asks IDENTIFY_SYSTEM; with raised, also for the
 * values of replication_raised, which are 0 otherwise.
 */
int replication_identify(const struct replication_login *login, bool raised,
			 struct replication_upstream *ret, struct fault *fault);

/*
 * Logs in to the database postgres, asks nothing, and logs out. 1 when the server wanted
 * the password and took it, 0 when it let the role in without, or a negative errno.
 */
int replication_log_in(const struct replication_login *login, struct fault *fault);

/*
 * The directories of the upstream's tablespaces, one a line; -EACCES, and no fault, when
 * it would not let the role into a database to ask.
 */
int replication_tablespaces(const struct replication_login *login, struct text *ret,
			    struct fault *fault);

/*
 * The same without a database, as pg_basebackup gets to know them: of a backup that is
 * given up before a byte of it is sent. It costs the upstream a checkpoint, which may
 * take timeout_ms.
 */
int replication_tablespaces_of_backup(const struct replication_login *login, long timeout_ms,
				      struct text *ret, struct fault *fault);

/*
 * Asks the upstream's pg_stat_replication whether a walsender serves application_name: 1,
 * 0, or a negative errno when it would not let the role ask.
 */
int replication_sender_seen(const struct replication_login *login,
			    const char *application_name);

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
