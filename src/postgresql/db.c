#include "postgresql/db.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { SQLSTATE_LENGTH = 5 };

static int wait_for_socket(const struct db *db, short events, long long deadline)
{
	struct pollfd fds[] = {
		{ .fd = PQsocket(db->conn), .events = events },
		{ .fd = stop_fd(), .events = POLLIN },
	};

	for (;;) {
		int n = poll(fds, 2, clock_left_ms(deadline));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (fds[1].revents)
			return -ECANCELED;
		return n ? 0 : -ETIMEDOUT;
	}
}

/* The SQLSTATE in "SEVERITY:  28P01: text", or NULL; the severity may be translated. */
static const char *find_sqlstate(const char *message)
{
	static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (const char *s = strstr(message, ":  "); s; s = strstr(s + 1, ":  ")) {
		const char *code = s + strlen(":  ");

		if (strspn(code, characters) == SQLSTATE_LENGTH && code[SQLSTATE_LENGTH] == ':')
			return code;
	}
	return NULL;
}

enum fault_class db_class(const char *sqlstate)
{
	/* PostgreSQL manual, Appendix A; all others need the operator */
	static const char *const passing[] = {
		"08",    /* connection exceptions */
		"53300", /* too many connections, or no walsender free */
		"55006", /* object in use: all replication slots, while others clone */
		"53400", /* configuration limit: all replication slots are in use */
		"57P",   /* shutting down, crashed, starting up */
		"28000", /* no rule in pg_hba.conf yet, or the role cannot log in yet */
		"40",    /* serialization, deadlock */
		"55P03", /* lock not available */
	};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (text_starts_with(sqlstate, passing[i]))
			return FAULT_RETRY;
	return FAULT_OPERATOR;
}

void db_sqlstate(const char *message, char ret[6])
{
	const char *code = find_sqlstate(message);

	ret[0] = '\0';
	if (code) {
		memcpy(ret, code, SQLSTATE_LENGTH);
		ret[SQLSTATE_LENGTH] = '\0';
	}
}

/* The text alone, without severity, SQLSTATE, and whatever follows it. */
static char *short_message(const char *message)
{
	const char *code = find_sqlstate(message);
	STRING_AUTO copy = text_copy(message);
	char *start = copy, *end;

	if (code)
		start += code - message + SQLSTATE_LENGTH + 1;
	end = strstr(start, "\nLOCATION:");
	if (end)
		*end = '\0';
	start = text_trim(start);
	/* the caller names the server; so does libpq, 12 and 14 in different ways */
	end = strstr(start, " failed: ");
	if (text_starts_with(start, "connection to server ") && end)
		start = end + strlen(" failed: ");
	else if (text_starts_with(start, "could not connect to server: "))
		start += strlen("could not connect to server: ");
	/* network errors have a line per address: the first says enough */
	end = strchr(start, '\n');
	if (end)
		*end = '\0';
	return text_copy(start);
}

static int connect_fault(struct db *db, int r, struct fault *fault)
{
	const char *message = PQerrorMessage(db->conn);
	STRING_AUTO text = short_message(message);
	enum fault_class class = FAULT_RETRY;
	char sqlstate[SQLSTATE_LENGTH + 1];

	db_sqlstate(message, sqlstate);
	if (*sqlstate)
		class = db_class(sqlstate);
	else if (strstr(message, "does not support SSL") || strstr(message, "certificate"))
		class = FAULT_OPERATOR;
	if (r == -ETIMEDOUT)
		fault_set(fault, FAULT_RETRY, "no answer within %d ms", db->timeout_ms);
	else if (r == -ECANCELED)
		fault_set(fault, FAULT_RETRY, "stopped");
	else
		fault_set(fault, class, "%s", text);
	if (r == 0)
		memcpy(fault->sqlstate, sqlstate, sizeof(sqlstate));
	db_close(db);
	return r ? r : -ECONNREFUSED;
}

/* libpq would print a server's warnings without our name, in the middle of a line. */
static void drop_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

int db_open(struct db *db, const struct db_parameter *parameters, int timeout_ms,
	    struct fault *fault)
{
	const char *keywords[DB_PARAMETERS_MAX + 1] = { NULL };
	const char *values[DB_PARAMETERS_MAX + 1] = { NULL };
	long long deadline = clock_ms() + timeout_ms;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	int r = 0;

	for (int i = 0; i < DB_PARAMETERS_MAX && parameters[i].keyword; i++) {
		keywords[i] = parameters[i].keyword;
		values[i] = parameters[i].value;
	}
	*db = (struct db){
		.conn = PQconnectStartParams(keywords, values, 0),
		.timeout_ms = timeout_ms,
	};
	if (!db->conn)
		return fault_set(fault, FAULT_BUG, "out of memory");
	/* the SQLSTATE of a failed connection is only available in a verbose message */
	PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(db->conn, drop_notice, NULL);
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return connect_fault(db, 0, fault);
	while (r == 0 && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
		r = wait_for_socket(db, state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
				    deadline);
		if (r == 0)
			state = PQconnectPoll(db->conn);
	}
	if (r < 0 || state == PGRES_POLLING_FAILED)
		return connect_fault(db, r, fault);
	return 0;
}

void db_close(struct db *db)
{
	if (db->conn)
		PQfinish(db->conn);
	db->conn = NULL;
}

void db_clear(PGresult **result)
{
	PQclear(*result);
	*result = NULL;
}

static int query_fault(struct db *db, const PGresult *result, int r, struct fault *fault)
{
	const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
				  : NULL;

	if (r == -ETIMEDOUT)
		fault_set(fault, FAULT_RETRY,
			  "the server did not answer a query within %d ms", db->timeout_ms);
	else if (r == -ECANCELED)
		fault_set(fault, FAULT_RETRY, "stopped");
	else if (sqlstate && text)
		fault_set(fault, db_class(sqlstate), "the server reported: %s", text);
	else {
		STRING_AUTO message = short_message(PQerrorMessage(db->conn));

		fault_set(fault, FAULT_RETRY, "the connection to the server was lost: %s",
			  message);
	}
	return r ? r : -EIO;
}

int db_query(struct db *db, const char *sql, int count, const char *const *values,
	     PGresult **ret, struct fault *fault)
{
	long long deadline = clock_ms() + db->timeout_ms;
	RESULT_AUTO last = NULL;

	/* without values, the simple protocol: walsenders know no other */
	if (!(count ? PQsendQueryParams(db->conn, sql, count, NULL, values, NULL, NULL, 0)
		    : PQsendQuery(db->conn, sql)))
		return query_fault(db, NULL, 0, fault);
	for (;;) {
		PGresult *result;

		while (PQisBusy(db->conn)) {
			int r = wait_for_socket(db, POLLIN, deadline);

			if (r < 0)
				return query_fault(db, NULL, r, fault);
			if (!PQconsumeInput(db->conn))
				return query_fault(db, NULL, 0, fault);
		}
		result = PQgetResult(db->conn);
		if (PQresultStatus(result) == PGRES_COPY_OUT) {
			PQclear(result);
			break;
		}
		if (!result)
			break;
		PQclear(last);
		last = result;
	}
	if (!last || (PQresultStatus(last) != PGRES_TUPLES_OK &&
		      PQresultStatus(last) != PGRES_COMMAND_OK))
		return query_fault(db, last, 0, fault);
	*ret = last;
	last = NULL;
	return 0;
}

/* The next result, NULL if there is none; or a negative errno. */
static int next_result(struct db *db, long long deadline, PGresult **ret)
{
	while (PQisBusy(db->conn)) {
		int r = wait_for_socket(db, POLLIN, deadline);

		if (r < 0)
			return r;
		if (!PQconsumeInput(db->conn))
			return -EIO;
	}
	*ret = PQgetResult(db->conn);
	return 0;
}

int db_copy_starts(struct db *db, const char *sql, struct fault *fault)
{
	long long deadline = clock_ms() + db->timeout_ms;
	RESULT_AUTO result = NULL;
	char *data = NULL;
	int n = 0, r;

	if (!PQsendQuery(db->conn, sql))
		return query_fault(db, NULL, 0, fault);
	r = next_result(db, deadline, &result);
	if (r == 0 && PQresultStatus(result) != PGRES_COPY_BOTH)
		return query_fault(db, result, 0, fault);
	while (r == 0 && (n = PQgetCopyData(db->conn, &data, 1)) == 0) {
		r = wait_for_socket(db, POLLIN, deadline);
		if (r == 0 && !PQconsumeInput(db->conn))
			r = -EIO;
	}
	PQfreemem(data);
	if (r == 0 && n > 0)
		return 0;
	db_clear(&result);
	if (r == 0)
		r = next_result(db, deadline, &result);
	return query_fault(db, result, r == -EIO ? 0 : r, fault);
}

int db_exec(struct db *db, const char *sql, struct fault *fault)
{
	RESULT_AUTO result = NULL;

	return db_query(db, sql, 0, NULL, &result, fault);
}

const char *db_value(const PGresult *result, int row, int column)
{
	if (row >= PQntuples(result) || column >= PQnfields(result))
		return "";
	return PQgetvalue(result, row, column);
}

/* The escaping functions of libpq need a connection, which need not be connected. */
static PGconn *unconnected(void)
{
	static const char *const keywords[] = { "host", NULL };
	/* an impossible directory: nothing is looked up, nothing is sent */
	static const char *const values[] = { "/dev/null", NULL };

	return PQconnectStartParams(keywords, values, 0);
}

static void add_escaped(struct text *ret, const char *value,
			char *(*escape)(PGconn *, const char *, size_t))
{
	PGconn *conn = unconnected();
	char *escaped = conn ? escape(conn, value, strlen(value)) : NULL;

	/* it can only fail for lack of memory: settings are known to be text */
	if (!escaped)
		abort();
	text_add(ret, escaped);
	/* it may be a verifier */
	mem_wipe(escaped, strlen(escaped));
	PQfreemem(escaped);
	PQfinish(conn);
}

void db_add_identifier(struct text *ret, const char *name)
{
	add_escaped(ret, name, PQescapeIdentifier);
}

void db_add_literal(struct text *ret, const char *value)
{
	add_escaped(ret, value, PQescapeLiteral);
}

void db_add_conninfo(struct text *ret, const char *keyword, const char *value)
{
	text_addf(ret, "%s%s='", ret->len ? " " : "", keyword);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			text_add(ret, "\\");
		text_add_bytes(ret, value, 1);
	}
	text_add(ret, "'");
}

int db_scram_verifier(struct secret *ret, const char *user, const struct secret *password)
{
	PGconn *conn = unconnected();
	char *made = conn ? PQencryptPasswordConn(conn, secret_reveal(password), user,
						  "scram-sha-256")
			  : NULL;

	if (made) {
		text_add(secret_text(ret), made);
		mem_wipe(made, strlen(made));
	}
	PQfreemem(made);
	PQfinish(conn);
	return made ? 0 : -ENOMEM;
}
