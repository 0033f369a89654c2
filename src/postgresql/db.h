/*
 * db.h - connections and queries with a deadline; failures classified by what they mean.
 *
 * Connecting and each query poll the socket, until the deadline or until the process is
 * told to stop (stop.h), after which nothing connects; what a server sends is limited to
 * 64 MiB. (libpq's connect_timeout is in seconds, and its blocking calls have no limit.) DNS lookups by libpq are limited by the resolver's timeouts; main.c
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

struct db_timeouts {
	int connect_ms; /* until there is a connection, over all addresses of a name */
	int login_ms;   /* from then on, until the server has let us in */
	int query_ms;   /* for each query */
};

struct db {
	PGconn *conn;
	int timeout_ms;    /* for each query */
	long peak_max_kib; /* of memory: a server that sends more than this allows fails */
};

/*
 * Opens a connection; parameters end with a keyword that is NULL. On failure db is closed,
 * and the fault has class, reason and hint as in errors.h; -ETIMEDOUT if the time was up.
 */
int db_open(struct db *db, const struct db_parameter *parameters,
	    const struct db_timeouts *timeouts, struct fault *fault);
/* A closed or zeroed one may be closed. */
void db_close(struct db *db);
#define DB_AUTO CLEANUP(db_close) struct db

/* The SQLSTATE in libpq's verbose message about a failed connection, or "". */
void db_sqlstate(const char *message, char ret[6]);

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
 * A statement without values whose rows do not matter. libpq keeps a copy until the
 * connection is closed and does not wipe it: it may contain a verifier, but never a
 * password.
 */
int db_exec(struct db *db, const char *sql, struct fault *fault);

/*
 * Sends a command that makes the server send WAL, and waits for as long as a server takes
 * to find out that it cannot: 0 if it does or would. The connection can only be closed.
 */
int db_try_stream(struct db *db, const char *command, struct fault *fault);

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
