#include "postgresql/replication.h"

#include "postgresql/major.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int replication_parse_lsn(const char *s, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	enum { DIGITS_MAX = 8 };
	size_t high = strspn(s, digits);
	const char *low = s + high + 1;
	size_t low_len = s[high] == '/' ? strspn(low, digits) : 0;

	if (!high || high > DIGITS_MAX || !low_len || low_len > DIGITS_MAX || low[low_len])
		return -EINVAL;
	*ret = (uint64_t)strtoul(s, NULL, 16) << 32 | strtoul(low, NULL, 16);
	return 0;
}

void replication_add_lsn(struct text *ret, uint64_t lsn)
{
	text_addf(ret, "%X/%X", (unsigned int)(lsn >> 32), (unsigned int)lsn);
}

void replication_role_sql(struct secret *ret, const char *role,
			  const struct secret *verifier, bool exists)
{
	struct text *sql = secret_text(ret);

	text_add(sql, exists ? "ALTER ROLE " : "CREATE ROLE ");
	db_add_identifier(sql, role);
	text_add(sql, " LOGIN REPLICATION PASSWORD ");
	db_add_literal(sql, secret_reveal(verifier));
}

/* Without the schema, which they are all in. */
#define LS_DIR    "pg_ls_dir(text,boolean,boolean)"
#define STAT_FILE "pg_stat_file(text,boolean)"
#define READ_FILE "pg_read_binary_file(text)"
#define READ_PART "pg_read_binary_file(text,bigint,bigint,boolean)"
#define CAN_RUN(function)                                                                \
	"pg_catalog.has_function_privilege(oid, 'pg_catalog." function "', 'EXECUTE')"

const char replication_can_read[] = CAN_RUN(LS_DIR) " AND " CAN_RUN(
	STAT_FILE) " AND " CAN_RUN(READ_FILE) " AND " CAN_RUN(READ_PART);

void replication_grant_sql(struct text *ret, const char *role)
{
	text_add(ret, "GRANT EXECUTE ON FUNCTION pg_catalog." LS_DIR ", pg_catalog." STAT_FILE
		      ", pg_catalog." READ_FILE ", pg_catalog." READ_PART " TO ");
	db_add_identifier(ret, role);
}

void replication_role_unlimited_sql(struct text *ret, const char *role)
{
	text_add(ret, "ALTER ROLE ");
	db_add_identifier(ret, role);
	text_add(ret, " CONNECTION LIMIT -1");
}

int replication_role_look(struct db *db, const char *role, const struct secret *verifier,
			  struct replication_role *ret, struct fault *fault)
{
	/* a PGresult cannot be wiped: ask for the verifier only if there is one to compare */
	const char *const values[] = { role, verifier && secret_is_set(verifier) ? "t" : "f" };
	STRING_AUTO sql =
		text_format("SELECT rolcanlogin AND rolreplication AND rolpassword IS NOT NULL"
			    " AND coalesce(rolvaliduntil, 'infinity') > now(), rolpassword IS NOT NULL,"
			    " CASE WHEN $2::pg_catalog.bool THEN rolpassword END, %s,"
			    /* a clone takes two connections; -1 stands for no limit */
			    " rolconnlimit IN (0, 1)"
			    " FROM pg_catalog.pg_authid WHERE rolname = $1",
			    replication_can_read);
	RESULT_AUTO result = NULL;
	int r = db_query(db, sql, 2, values, &result, fault);

	if (r < 0)
		return r;
	ret->exists = PQntuples(result) == 1;
	ret->complete = ret->exists && text_equal(db_value(result, 0, 0), "t");
	ret->can_read = ret->exists && text_equal(db_value(result, 0, 3), "t");
	ret->limited = ret->exists && text_equal(db_value(result, 0, 4), "t");
	ret->has_password = ret->exists && text_equal(db_value(result, 0, 1), "t");
	ret->has_verifier = ret->exists && verifier &&
			    text_equal(db_value(result, 0, 2), secret_reveal(verifier));
	return 0;
}

const char *const replication_raised[REPLICATION_RAISED] = {
	"max_connections",
	"max_worker_processes",
	[REPLICATION_RAISED_WALSENDERS] = "max_wal_senders",
	"max_prepared_transactions",
	"max_locks_per_transaction",
};

static const char *sslmode(const struct replication_login *login)
{
	if (!login->tls)
		return "prefer";
	return *login->tls_root_cert ? "verify-full" : "require";
}

void replication_conninfo(struct text *ret, const struct replication_login *login,
			  const char *passfile, const char *application_name)
{
	STRING_AUTO port = text_format("%ld", login->port);

	db_add_conninfo(ret, "host", login->host);
	db_add_conninfo(ret, "port", port);
	db_add_conninfo(ret, "user", login->user);
	db_add_conninfo(ret, "passfile", passfile);
	db_add_conninfo(ret, "application_name", application_name);
	db_add_conninfo(ret, "sslmode", sslmode(login));
	if (login->tls && *login->tls_root_cert)
		db_add_conninfo(ret, "sslrootcert", login->tls_root_cert);
	/* a GSSAPI-encrypted connection would not match a hostssl line */
	db_add_conninfo(ret, "gssencmode", "disable");
	/* notice a vanished primary within a minute, not after two hours */
	db_add_conninfo(ret, "keepalives_idle", "30");
	db_add_conninfo(ret, "keepalives_interval", "10");
	db_add_conninfo(ret, "keepalives_count", "3");
}

char *replication_conninfo_get(const char *conninfo, const char *keyword)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	char *value = NULL;

	for (PQconninfoOption *one = options; one && one->keyword; one++)
		if (text_equal(one->keyword, keyword) && one->val)
			value = text_copy(one->val);
	PQconninfoFree(options);
	return value;
}

/* How far up a list a value is; without one, libpq's default counts. */
static int rank_of(const char *value, const char *const *values, int usual)
{
	for (int i = 0; value && values[i]; i++)
		if (text_equal(value, values[i]))
			return i;
	return usual;
}

const char *replication_find_weakened(const char *before, const char *after, char **ret_value)
{
	/* libpq's manual, "Parameter Key Words": each list from weak to strong */
	static const struct {
		const char *keyword, *values[7];
		int usual;
	} rows[] = {
		{ "sslmode",
		  { "disable", "allow", "prefer", "require", "verify-ca", "verify-full" },
		  2 },
		{ "gssencmode", { "disable", "prefer", "require" }, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STRING_AUTO old = replication_conninfo_get(before, rows[i].keyword);
		STRING_AUTO new = replication_conninfo_get(after, rows[i].keyword);

		/* what is only preferred protects from nobody */
		if (rank_of(old, rows[i].values, rows[i].usual) <= rows[i].usual ||
		    rank_of(old, rows[i].values, rows[i].usual) <=
			    rank_of(new, rows[i].values, rows[i].usual))
			continue;
		*ret_value = text_copy(old);
		return rows[i].keyword;
	}
	return NULL;
}

static int login_open(const struct replication_login *login, bool replication,
		      struct db *db, struct fault *fault)
{
	STRING_AUTO port = text_format("%ld", login->port);
	bool verify = login->tls && *login->tls_root_cert;
	const char *database = login->database ? login->database : "postgres";
	const struct db_parameter parameters[] = {
		{ "host", login->host },
		{ "port", port },
		{ "user", login->user },
		{ "password", secret_reveal(login->password) },
		{ "application_name", "pgrepl" },
		{ "gssencmode", "disable" },
		/* whatever the role or the database is set to */
		{ "options", "-c search_path=pg_catalog -c statement_timeout=0" },
		{ "sslmode", sslmode(login) },
		{ "sslrootcert", verify ? login->tls_root_cert : NULL },
		{ replication ? "replication" : "dbname", replication ? "true" : database },
		{ NULL, NULL },
	};

	return db_open(db, parameters, &login->timeouts, fault);
}

int replication_open(const struct replication_login *login, struct db *db, struct fault *fault)
{
	return login_open(login, true, db, fault);
}

int replication_open_database(const struct replication_login *login, struct db *db,
			      struct fault *fault)
{
	return login_open(login, false, db, fault);
}

static int show_raised(struct db *db, long ret[REPLICATION_RAISED], struct fault *fault)
{
	for (int i = 0; i < REPLICATION_RAISED; i++) {
		STRING_AUTO sql = text_format("SHOW %s", replication_raised[i]);
		RESULT_AUTO result = NULL;
		int r = db_query(db, sql, 0, NULL, &result, fault);

		if (r < 0)
			return r;
		if (PQntuples(result) != 1 ||
		    text_to_long(db_value(result, 0, 0), 0, LONG_MAX, &ret[i]) < 0)
			return fault_set(fault, FAULT_BUG,
					 "the server returned no number for \"%s\"",
					 replication_raised[i]);
	}
	return 0;
}

int replication_identify(const struct replication_login *login, bool raised,
			 struct replication_upstream *ret, struct fault *fault)
{
	struct replication_upstream upstream = { .timeline = 0 };
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;
	int r = login_open(login, true, &db, fault);

	if (r == 0)
		r = db_query(&db, "IDENTIFY_SYSTEM", 0, NULL, &result, fault);
	if (r < 0)
		return r;
	if (PQntuples(result) != 1 || PQnfields(result) < 3 ||
	    text_to_long(db_value(result, 0, 1), 1, LONG_MAX, &upstream.timeline) < 0 ||
	    replication_parse_lsn(db_value(result, 0, 2), &upstream.lsn) < 0 ||
	    strspn(db_value(result, 0, 0), "0123456789") != strlen(db_value(result, 0, 0)))
		return fault_set(fault, FAULT_BUG,
				 "IDENTIFY_SYSTEM returned an unknown result");
	snprintf(upstream.system_id, sizeof(upstream.system_id), "%s",
		 db_value(result, 0, 0));
	upstream.version_num = PQserverVersion(db.conn);
	if (raised)
		r = show_raised(&db, upstream.raised, fault);
	if (r == 0)
		*ret = upstream;
	return r;
}

int replication_log_in(const struct replication_login *login, struct fault *fault)
{
	DB_AUTO db = { 0 };
	int r = login_open(login, false, &db, fault);

	return r < 0 ? r : PQconnectionUsedPassword(db.conn);
}

/* No access rule, no privilege, or no such database. */
static bool is_kept_out(const char *sqlstate)
{
	return text_equal(sqlstate, "28000") || text_equal(sqlstate, "42501") ||
	       text_equal(sqlstate, "3D000");
}

int replication_tablespaces(const struct replication_login *login, struct text *ret,
			    struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;
	int r = login_open(login, false, &db, &refusal);

	if (r < 0 && is_kept_out(refusal.sqlstate))
		return -EACCES;
	if (r == 0)
		r = db_query(&db,
			     "SELECT pg_catalog.pg_tablespace_location(oid)"
			     " FROM pg_catalog.pg_tablespace"
			     " WHERE spcname NOT IN ('pg_default', 'pg_global')"
			     " ORDER BY spcname",
			     0, NULL, &result, &refusal);
	if (r < 0)
		return fault_set(fault, refusal.class, "%s", text_str(&refusal.message));
	for (int i = 0; i < PQntuples(result); i++)
		text_addf(ret, "%s\n", db_value(result, i, 0));
	return 0;
}

int replication_tablespaces_of_backup(const struct replication_login *login,
				      long timeout_ms, struct text *ret, struct fault *fault)
{
	enum { LOCATION = 1 };
	const struct major *major;
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;
	int r = login_open(login, true, &db, fault);

	if (r < 0)
		return r;
	db.timeout_ms = (int)timeout_ms;
	major = major_find(major_of_version(PQserverVersion(db.conn)));
	if (!major)
		return fault_set(fault, FAULT_OPERATOR,
				 "the primary is older than PostgreSQL 12");
	r = db_query(&db, major->base_backup, 0, NULL, &result, fault);
	if (r < 0)
		return r;
	if (PQnfields(result) <= LOCATION)
		return fault_set(fault, FAULT_BUG, "BASE_BACKUP returned an unknown result");
	for (int i = 0; i < PQntuples(result); i++)
		/* PGDATA itself has no location */
		if (*db_value(result, i, LOCATION))
			text_addf(ret, "%s\n", db_value(result, i, LOCATION));
	return 0;
}

int replication_has_wal(const struct replication_login *login, long timeline,
			uint64_t lsn, struct fault *fault)
{
	DB_AUTO db = { 0 };
	TEXT_AUTO sql = { 0 };
	int r = login_open(login, true, &db, fault);

	text_add(&sql, "START_REPLICATION PHYSICAL ");
	replication_add_lsn(&sql, lsn);
	text_addf(&sql, " TIMELINE %ld", timeline);
	return r < 0 ? r : db_try_stream(&db, text_str(&sql), fault);
}

int replication_sender_seen(const struct replication_login *login, const char *application_name)
{
	const char *const values[] = { application_name };
	FAULT_AUTO fault = { 0 };
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;
	/*
	 * A role that is not a member of pg_read_all_stats does not see the state of its
	 * walsenders, only that they exist.
	 */
	int r = login_open(login, false, &db, &fault);

	if (r == 0)
		r = db_query(&db,
			     "SELECT count(*) FROM pg_catalog.pg_stat_replication"
			     " WHERE application_name = $1"
			     " AND coalesce(state, 'streaming') = 'streaming'",
			     1, values, &result, &fault);
	if (r < 0)
		return r;
	return !text_equal(db_value(result, 0, 0), "0");
}

bool replication_is_standby(struct db *db)
{
	FAULT_AUTO fault = { 0 };
	RESULT_AUTO result = NULL;

	/* in_hot_standby is new in 14; a walsender shows this one as "on" in recovery, too */
	return db_query(db, "SHOW transaction_read_only", 0, NULL, &result, &fault) == 0 &&
	       text_equal(db_value(result, 0, 0), "on");
}

int replication_look(struct db *db, struct replication_state *ret, struct fault *fault)
{
	struct replication_state state = { .replay_delay_s = -1 };
	RESULT_AUTO result = NULL;
	int r = db_query(db,
			 "SELECT pg_catalog.pg_is_in_recovery(), r.pid, r.status, r.sender_host,"
			 " r.sender_port, c.system_identifier, pg_catalog.pg_last_wal_receive_lsn(),"
			 " pg_catalog.pg_last_wal_replay_lsn(),"
			 /* the control file has the old one until a checkpoint */
			 " CASE WHEN pg_catalog.pg_is_in_recovery()"
			 "  THEN coalesce(r.received_tli, k.timeline_id)"
			 "  ELSE ('x' || substr(pg_catalog.pg_walfile_name("
			 "   pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,"
			 " extract(epoch FROM pg_catalog.clock_timestamp()"
			 "  - pg_catalog.pg_last_xact_replay_timestamp())"
			 " FROM pg_catalog.pg_control_system() c"
			 " CROSS JOIN pg_catalog.pg_control_checkpoint() k"
			 " LEFT JOIN pg_catalog.pg_stat_wal_receiver r ON true",
			 0, NULL, &result, fault);

	if (r < 0)
		return r;
	if (PQntuples(result) != 1)
		return fault_set(fault, FAULT_BUG,
				 "pg_stat_wal_receiver returned more than one row");
	state.in_recovery = text_equal(db_value(result, 0, 0), "t");
	(void)text_to_long(db_value(result, 0, 1), 1, INT_MAX, &state.walreceiver_pid);
	snprintf(state.status, sizeof(state.status), "%s", db_value(result, 0, 2));
	state.streaming = text_equal(state.status, "streaming");
	snprintf(state.sender_host, sizeof(state.sender_host), "%s", db_value(result, 0, 3));
	(void)text_to_long(db_value(result, 0, 4), 1, 65535, &state.sender_port);
	snprintf(state.system_id, sizeof(state.system_id), "%s", db_value(result, 0, 5));
	(void)replication_parse_lsn(db_value(result, 0, 6), &state.received_lsn);
	(void)replication_parse_lsn(db_value(result, 0, 7), &state.replayed_lsn);
	(void)text_to_long(db_value(result, 0, 8), 1, LONG_MAX, &state.timeline);
	if (*db_value(result, 0, 9))
		state.replay_delay_s = strtod(db_value(result, 0, 9), NULL);
	*ret = state;
	return 0;
}
