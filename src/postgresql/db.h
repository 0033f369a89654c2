/*
 * db.h - connections and queries with a deadline, sorted by what their failure means.
 *
 * Nothing here can block for longer than it was told to: connecting and each query poll
 * the socket, and stop as soon as the process is told to (stop.h). (libpq's
 * connect_timeout counts in seconds, and its blocking calls have none.) What libpq looks
 * up in the DNS is bounded by the resolver's own time-outs; main.c sets them short.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"

#include <libpq-fe.h>

/*
 * How to connect: keyword/value pairs as PQconnectdbParams takes them, both ended by
 * NULL.
 */
struct db_target {
	const char *const *keywords;
	const char *const *values;
	int timeout_ms; /* for connecting, and for each query */
};

struct db {
	PGconn *conn;
	int timeout_ms;
};

/* Opens a connection. On failure db is closed, and fault says class and reason. */
int db_open(struct db *db, const struct db_target *target, struct fault *fault);
/* Closing a closed or zeroed one is fine. */
void db_close(struct db *db);
#define DB_AUTO CLEANUP(db_close) struct db

/*
 * The SQLSTATE of a failed connection attempt as libpq's verbose text carries it, or "".
 */
void db_sqlstate(const char *message, char ret[6]);

/* What a failure with this SQLSTATE means for somebody who could try again. */
enum fault_class db_class(const char *sqlstate);

/*
 * Runs one statement; values are text or NULL. The caller clears *ret with PQclear().
 * Where the server goes on to copy, *ret is what came before, and the connection is good
 * for nothing but closing.
 */
int db_query(struct db *db, const char *sql, int count, const char *const *values,
	     PGresult **ret, struct fault *fault);
void db_clear(PGresult **result);
#define RESULT_AUTO CLEANUP(db_clear) PGresult *

/*
 * A statement without values whose rows do not matter. libpq keeps a copy of it until the
 * connection is closed, and does not wipe that: a verifier may be in it, a password never.
 */
int db_exec(struct db *db, const char *sql, struct fault *fault);

/* A field of the result, rows and columns counted from 0; "" for NULL. */
const char *db_value(const PGresult *result, int row, int column);

/* Adds an identifier or a literal quoted by libpq; works without a server. */
void db_add_identifier(struct text *ret, const char *name);
void db_add_literal(struct text *ret, const char *value);

/*
 * Adds keyword='value' for a connection string, with \ and ' escaped, and a blank before
 * it.
 */
void db_add_conninfo(struct text *ret, const char *keyword, const char *value);

/*
 * Adds the SCRAM-SHA-256 verifier of a password (RFC 5803 form, as rolpassword holds it),
 * made here so that no server sees the password. 0 or -ENOMEM.
 */
int db_scram_verifier(struct secret *ret, const char *user, const struct secret *password);
