/*
 * db.h - connections and queries with a deadline; failures classified by what they mean.
 *
 * Connecting and each query poll the socket, until the deadline or until the process is
 * told to stop (stop.h). (libpq's connect_timeout is in seconds, and its blocking calls
 * have no limit.) DNS lookups by libpq are limited by the resolver's timeouts; main.c
 * makes them short.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"

#include <libpq-fe.h>

/* A parameter of a connection (PostgreSQL manual, "Parameter Key Words"). */
struct db_parameter {
	const char *keyword;
	const char *value; /* NULL: not set */
};

enum { DB_PARAMETERS_MAX = 16 };

struct db {
	PGconn *conn;
	int timeout_ms; /* for connecting, and for each query */
};

/*
 * Opens a connection; parameters end with a keyword that is NULL. On failure db is closed,
 * and the fault has class and reason.
 */
int db_open(struct db *db, const struct db_parameter *parameters, int timeout_ms,
	    struct fault *fault);
/* A closed or zeroed one may be closed. */
void db_close(struct db *db);
#define DB_AUTO CLEANUP(db_close) struct db

/* The SQLSTATE in libpq's verbose message about a failed connection, or "". */
void db_sqlstate(const char *message, char ret[6]);

/* The class of a failure with this SQLSTATE: can a retry help? */
enum fault_class db_class(const char *sqlstate);

/*
 * Runs one statement; values are text or NULL. The caller clears *ret with PQclear(). If
 * the server starts a COPY, *ret is the result before it, and the connection can only be
 * closed.
 */
int db_query(struct db *db, const char *sql, int count, const char *const *values,
	     PGresult **ret, struct fault *fault);
void db_clear(PGresult **result);
#define RESULT_AUTO CLEANUP(db_clear) PGresult *

/*
 * Runs a command that starts a COPY in both directions (START_REPLICATION), and waits for
 * its first data: 0, or a negative errno and the fault, with the server's reason if it ends the
 * COPY instead. The connection can only be closed.
 */
int db_copy_starts(struct db *db, const char *sql, struct fault *fault);

/*
 * A statement without values whose rows do not matter. libpq keeps a copy until the
 * connection is closed and does not wipe it: it may contain a verifier, but never a
 * password.
 */
int db_exec(struct db *db, const char *sql, struct fault *fault);

/* A field of the result, rows and columns counted from 0; "" for NULL, and for one that is not there. */
const char *db_value(const PGresult *result, int row, int column);

/* Adds an identifier or a literal, quoted by libpq; works without a server. */
void db_add_identifier(struct text *ret, const char *name);
void db_add_literal(struct text *ret, const char *value);

/* Adds keyword='value' to a connection string, \ and ' escaped, and a blank before. */
void db_add_conninfo(struct text *ret, const char *keyword, const char *value);

/*
 * Adds the SCRAM-SHA-256 verifier of a password (in the form of RFC 5803, as in
 * rolpassword), made here so that no server sees the password. 0 or -ENOMEM.
 */
int db_scram_verifier(struct secret *ret, const char *user, const struct secret *password);
