#include "postgresql/db.h"

#include "base/clock.h"
#include "base/stop.h"
#include "postgresql/errors.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	SQLSTATE_LENGTH = 5,
	FUNCTION_LENGTH = 63,
	ANSWER_MAX_KIB = 64 * 1024,
	LOOK_MS = 50,
};

/* The most memory that this process has had so far. */
static long peak_kib(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : usage.ru_maxrss;
}

/*
 * A server that never stops sending must not keep us beyond the deadline, nor fill our
 * memory: libpq would buffer anything.
 */
static int wait_for_socket(const struct db *db, short events, long long deadline)
{
	struct pollfd fds[] = {
		{ .fd = PQsocket(db->conn), .events = events },
		{ .fd = stop_fd(), .events = POLLIN },
	};

	if (peak_kib() > db->peak_max_kib)
		return -EMSGSIZE;
	for (;;) {
		int left = clock_left_ms(deadline);
		int n = left ? poll(fds, 2, left) : 0;

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

void db_sqlstate(const char *message, char ret[6])
{
	const char *code = find_sqlstate(message);

	ret[0] = '\0';
	if (code) {
		memcpy(ret, code, SQLSTATE_LENGTH);
		ret[SQLSTATE_LENGTH] = '\0';
	}
}

/* The function in "LOCATION:  auth_failed, auth.c:333", or "". */
static void find_function(const char *message, char ret[FUNCTION_LENGTH + 1])
{
	const char *at = strstr(message, "\nLOCATION:  ");
	size_t len = 0;

	if (at) {
		at += strlen("\nLOCATION:  ");
		len = strcspn(at, ", \n");
	}
	if (len > FUNCTION_LENGTH)
		len = 0;
	if (len)
		memcpy(ret, at, len);
	ret[len] = '\0';
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
	text_show(start);
	return text_copy(start);
}

/* Why waiting failed, or the connection after it; false: r is 0. */
static bool waiting_fault(int r, const char *what, int timeout_ms, struct fault *fault)
{
	if (r == -ETIMEDOUT)
		fault_set(fault, FAULT_RETRY, "%s within %d ms", what, timeout_ms);
	else if (r == -EMSGSIZE)
		fault_set(fault, FAULT_OPERATOR, "the server sent more than %d MiB",
			  ANSWER_MAX_KIB / 1024);
	else if (r < 0)
		fault_set(fault, FAULT_RETRY, "stopped");
	return r < 0;
}

static void error_fault(const struct error_rule *rule, const char *sqlstate,
			const char *prefix, const char *text, struct fault *fault)
{
	fault_set(fault, rule->class, "%s%s", prefix, text);
	snprintf(fault->sqlstate, sizeof(fault->sqlstate), "%s", sqlstate);
	if (rule->hint)
		fault_hint(fault, "%s", rule->hint);
}

static int connect_fault(struct db *db, int r, int timeout_ms, struct fault *fault)
{
	const char *message = PQerrorMessage(db->conn);
	bool connected = PQstatus(db->conn) != CONNECTION_STARTED &&
			 PQstatus(db->conn) != CONNECTION_NEEDED;
	char sqlstate[SQLSTATE_LENGTH + 1], function[FUNCTION_LENGTH + 1];
	STRING_AUTO text = short_message(message);

	if (waiting_fault(r, "no answer", timeout_ms, fault)) {
		if (r == -ETIMEDOUT && connected)
			fault_hint(fault,
				   "It accepts connections, but does not answer: it hangs, or looking up names or passwords takes it long.");
	} else {
		db_sqlstate(message, sqlstate);
		find_function(message, function);
		error_fault(error_find(sqlstate, function, message), sqlstate, "", text,
			    fault);
	}
	db_close(db);
	return r ? r : -ECONNREFUSED;
}

/* libpq would print a server's warnings without our name, in the middle of a line. */
static void drop_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* The time for a login begins when there is a connection. */
static int log_in(struct db *db, const struct db_timeouts *timeouts, struct fault *fault)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	int r = 0, timeout_ms = timeouts->connect_ms;
	long long deadline = clock_ms() + timeout_ms;

	while (r == 0 && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
		r = wait_for_socket(db, state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
				    deadline);
		if (r == 0)
			state = PQconnectPoll(db->conn);
		if (state == PGRES_POLLING_READING && timeout_ms != timeouts->login_ms) {
			timeout_ms = timeouts->login_ms;
			deadline = clock_ms() + timeout_ms;
		}
	}
	if (r < 0 || state == PGRES_POLLING_FAILED)
		return connect_fault(db, r, timeout_ms, fault);
	return 0;
}

int db_open(struct db *db, const struct db_parameter *parameters,
	    const struct db_timeouts *timeouts, struct fault *fault)
{
	const char *keywords[DB_PARAMETERS_MAX + 1] = { NULL };
	const char *values[DB_PARAMETERS_MAX + 1] = { NULL };

	for (int i = 0; i < DB_PARAMETERS_MAX && parameters[i].keyword; i++) {
		keywords[i] = parameters[i].keyword;
		values[i] = parameters[i].value;
	}
	*db = (struct db){ .conn = NULL };
	/* libpq would connect before we wait for it */
	if (waiting_fault(stop_asked() ? -ECANCELED : 0, "", 0, fault))
		return -ECANCELED;
	*db = (struct db){
		.conn = PQconnectStartParams(keywords, values, 0),
		.timeout_ms = timeouts->query_ms,
		.peak_max_kib = peak_kib() + ANSWER_MAX_KIB,
	};
	if (!db->conn)
		return fault_set(fault, FAULT_BUG, "out of memory");
	/* SQLSTATE and function of a failed connection are only in a verbose message */
	PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(db->conn, drop_notice, NULL);
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return connect_fault(db, 0, 0, fault);
	return log_in(db, timeouts, fault);
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

/* A field of an error that a server reported, "" without one. */
static const char *error_field(const PGresult *result, int field)
{
	const char *value = result ? PQresultErrorField(result, field) : NULL;

	return value ? value : "";
}

static int query_fault(struct db *db, const PGresult *result, int r, struct fault *fault)
{
	const char *sqlstate = error_field(result, PG_DIAG_SQLSTATE);
	STRING_AUTO text = text_copy(error_field(result, PG_DIAG_MESSAGE_PRIMARY));

	if (waiting_fault(r, "the server did not answer a query", db->timeout_ms, fault))
		return r;
	text_show(text);
	if (*sqlstate && *text) {
		STRING_AUTO detail = text_copy(error_field(result, PG_DIAG_MESSAGE_DETAIL));

		error_fault(error_find(sqlstate,
				       error_field(result, PG_DIAG_SOURCE_FUNCTION), text),
			    sqlstate, "the server reported: ", text, fault);
		text_show(detail);
		if (*detail)
			fault_detail(fault, "%s", detail);
	} else {
		STRING_AUTO message = short_message(PQerrorMessage(db->conn));

		fault_set(fault, FAULT_RETRY, "the connection to the server was lost: %s",
			  message);
	}
	return -EIO;
}

/* More of what the server sends, into libpq's buffer. */
static int receive(struct db *db, long long deadline, struct fault *fault)
{
	int r = wait_for_socket(db, POLLIN, deadline);

	return r < 0 || !PQconsumeInput(db->conn) ? query_fault(db, NULL, r, fault) : 0;
}

/* The next result, NULL after the last. */
static int next_result(struct db *db, long long deadline, PGresult **ret, struct fault *fault)
{
	while (PQisBusy(db->conn)) {
		int r = receive(db, deadline, fault);

		if (r < 0)
			return r;
	}
	*ret = PQgetResult(db->conn);
	return 0;
}

static bool is_success(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK ||
	       PQresultStatus(result) == PGRES_COMMAND_OK;
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
		int r = next_result(db, deadline, &result, fault);

		if (r < 0)
			return r;
		if (PQresultStatus(result) == PGRES_COPY_OUT) {
			PQclear(result);
			break;
		}
		if (!result)
			break;
		PQclear(last);
		last = result;
	}
	if (!last || !is_success(last))
		return query_fault(db, last, 0, fault);
	*ret = last;
	last = NULL;
	return 0;
}

/*
 * The server looks for the WAL only after it has answered the command. It is asked for a
 * sign of life ('r'; it answers 'k'), and a moment later to stop: it has looked before it
 * does, unless both arrive at once.
 */
int db_try_stream(struct db *db, const char *command, struct fault *fault)
{
	static const char sign_of_life[34] = { [0] = 'r', [33] = 1 };
	long long deadline = clock_ms() + db->timeout_ms;
	RESULT_AUTO result = NULL;
	RESULT_AUTO end = NULL;
	char kind = '\0', *message;
	int n = 0;

	/* a standby of 12 does not know its timeline before it has been asked for it */
	if (db_exec(db, "IDENTIFY_SYSTEM", fault) < 0)
		return -EIO;
	if (!PQsendQuery(db->conn, command))
		return query_fault(db, NULL, 0, fault);
	if (next_result(db, deadline, &result, fault) < 0)
		return -EIO;
	if (PQresultStatus(result) != PGRES_COPY_BOTH)
		return is_success(result) ? 0 : query_fault(db, result, 0, fault);
	(void)PQputCopyData(db->conn, sign_of_life, sizeof(sign_of_life));
	while (kind != 'w' && (n = PQgetCopyData(db->conn, &message, 1)) >= 0) {
		if (n == 0 && (PQflush(db->conn) < 0 || receive(db, deadline, fault) < 0))
			return query_fault(db, NULL, 0, fault);
		if (n == 0)
			continue;
		if (message[0] == 'k' && kind != 'k') {
			clock_pause_ms(LOOK_MS);
			(void)PQputCopyEnd(db->conn, NULL);
		}
		kind = message[0];
		PQfreemem(message);
	}
	if (kind == 'w')
		return 0;
	if (next_result(db, deadline, &end, fault) < 0)
		return -EIO;
	return is_success(end) ? 0 : query_fault(db, end, 0, fault);
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
