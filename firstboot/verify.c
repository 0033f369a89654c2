#include "verify.h"

#include "base/clock.h"
#include "obstacle.h"

#include <errno.h>
#include <stdio.h>

enum {
	CAUGHT_UP_POLL_MS = 20,
	ASK_MS = 2 * 1000, /* why it does not stream */
};

static void PRINTF_LIKE(2, 3) verified(const char *what, const char *fmt, ...)
{
	TEXT_AUTO detail = { 0 };
	va_list args;

	va_start(args, fmt);
	text_addv(&detail, fmt, args);
	va_end(args);
	printf("%-8s %-20s %s\n", "ok", what, text_str(&detail));
	fflush(stdout);
}

int verify_log_in(struct host *host, const struct replication_login *login,
		  struct replication_upstream *ret, struct fault *fault)
{
	struct replication_upstream seen;
	int r;

	if (!secret_is_set(&host->settings.replication_password)) {
		verified("replication login",
			 "not tried: the ini has a verifier, not the password");
		return 0;
	}
	r = replication_identify(login, false, &seen, fault);
	if (r < 0) {
		fault_prefix(fault, "\"%s\" cannot replicate from %s:%ld: ", login->user,
			     login->host, login->port);
		return r;
	}
	verified("replication login",
		 "\"%s\" on %s:%ld: IDENTIFY_SYSTEM says %s, timeline %ld", login->user,
		 login->host, login->port, seen.system_id, seen.timeline);
	if (ret)
		*ret = seen;
	return 0;
}

int verify_role(struct host *host, struct fault *fault)
{
	const char *const values[] = { host->settings.replication_user };
	RESULT_AUTO row = NULL;

	if (host_query(host,
		       "SELECT concat_ws(', ', CASE WHEN rolcanlogin THEN 'LOGIN' END,"
		       " CASE WHEN rolreplication THEN 'REPLICATION' END,"
		       " CASE WHEN rolsuper THEN 'SUPERUSER' END,"
		       " CASE WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'SCRAM verifier'"
		       "  WHEN rolpassword IS NOT NULL THEN 'md5 hash'"
		       "  ELSE 'no password' END),"
		       " rolcanlogin AND rolreplication AND rolpassword IS NOT NULL"
		       " FROM pg_authid WHERE rolname = $1",
		       1, values, &row, fault) < 0)
		return -EIO;
	if (!PQntuples(row) || !text_equal(db_value(row, 0, 1), "t")) {
		fault_set(fault, FAULT_OPERATOR, "the role \"%s\" %s", values[0],
			  PQntuples(row) ? "cannot log in and replicate" : "does not exist");
		return fault_hint(fault, "Run \"pgrepl-primary setup\".");
	}
	verified("replication role", "\"%s\": %s", values[0], db_value(row, 0, 0));
	return 0;
}

int verify_standbys_caught_up(struct host *host, long timeout_ms, struct fault *fault)
{
	long long started = clock_ms();
	struct db *db = host_db(host, fault);
	RESULT_AUTO now = NULL;

	if (!db || db_query(db, "SELECT pg_current_wal_flush_lsn()", 0, NULL, &now, fault) < 0)
		return -EIO;
	for (;;) {
		const char *const values[] = { db_value(now, 0, 0) };
		RESULT_AUTO rows = NULL;
		long long waited;

		if (db_query(db,
			     "SELECT count(*), count(*) FILTER (WHERE replay_lsn >= $1::pg_lsn),"
			     " coalesce(string_agg(format('%s (pid %s)', application_name, pid),"
			     "  ', ') FILTER (WHERE replay_lsn >= $1::pg_lsn IS NOT TRUE), '')"
			     " FROM pg_stat_replication WHERE application_name <> '" REPLICATION_CLONE_NAME
			     "'",
			     1, values, &rows, fault) < 0)
			return -EIO;
		waited = clock_ms() - started;
		if (!text_equal(db_value(rows, 0, 0), "0") &&
		    text_equal(db_value(rows, 0, 0), db_value(rows, 0, 1))) {
			verified("replayed", "%s on every standby (%s), after %lld ms",
				 values[0], db_value(rows, 0, 0), waited);
			return 0;
		}
		if (waited >= timeout_ms) {
			if (text_equal(db_value(rows, 0, 0), "0"))
				fault_set(fault, FAULT_RETRY,
					  "no standby streams from this host");
			else
				fault_set(fault, FAULT_RETRY,
					  "%s was not replayed within %ld ms by %s",
					  values[0], timeout_ms, db_value(rows, 0, 2));
			return fault_hint(fault,
					  "Run \"pgrepl-standby status\" on the standby.");
		}
		if (clock_sleep_ms(CAUGHT_UP_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
}

static int check_state(const struct replication_state *state,
		       const struct replication_login *login,
		       const struct replication_upstream *upstream, struct fault *fault)
{
	if (!text_equal(state->system_id, upstream->system_id)) {
		fault_set(fault, FAULT_OPERATOR,
			  "system identifiers differ: %s here, %s on %s:%ld",
			  state->system_id, upstream->system_id, login->host, login->port);
		return fault_hint(fault,
				  "This host's cluster is not a clone of that server.");
	}
	if (!state->in_recovery) {
		fault_set(fault, FAULT_OPERATOR, "the local server is not a standby");
		return fault_hint(fault, "It was promoted, or never was one.");
	}
	return 0;
}

/* It receives WAL, but has not replayed it in time. */
static int not_replayed(struct host *host, uint64_t bytes, long timeout_ms, struct fault *fault)
{
	RESULT_AUTO row = NULL;
	int r = host_query(host,
			   "SELECT pg_is_wal_replay_paused(), current_setting(name), setting"
			   " FROM pg_settings WHERE name = 'recovery_min_apply_delay'",
			   0, NULL, &row, fault);

	if (r < 0)
		return r;
	fault_set(fault, FAULT_RETRY,
		  "%llu bytes of the primary's WAL were not replayed within %ld ms",
		  (unsigned long long)bytes, timeout_ms);
	if (text_equal(db_value(row, 0, 0), "t"))
		return fault_hint(fault,
				  "Replay is paused: run \"SELECT pg_wal_replay_resume()\" on this server.");
	if (!text_equal(db_value(row, 0, 2), "0"))
		return fault_hint(fault, "Replay is delayed: recovery_min_apply_delay is %s.",
				  db_value(row, 0, 1));
	return fault_hint(fault, "Read the logs of both servers.");
}

int verify_caught_up(struct host *host, const struct replication_login *login,
		     const struct replication_upstream *upstream, long timeout_ms,
		     struct fault *fault)
{
	long long started = clock_ms(), ask_at = ASK_MS;
	struct replication_state state;

	for (;;) {
		struct db *db = host_db(host, fault);
		long long waited;

		if (!db || replication_look(db, &state, fault) < 0 ||
		    check_state(&state, login, upstream, fault) < 0)
			return -EIO;
		waited = clock_ms() - started;
		if (state.streaming && state.replayed_lsn >= upstream->lsn) {
			TEXT_AUTO lsn = { 0 };

			if (obstacle_check(host, &state, fault) < 0)
				return -EIO;
			replication_add_lsn(&lsn, upstream->lsn);
			verified("walreceiver", "pid %ld, %s", state.walreceiver_pid,
				 state.status);
			verified("system identifier", "%s, the primary's", state.system_id);
			verified("replayed",
				 "%s, the primary's position, after %lld ms; 0 bytes behind",
				 text_str(&lsn), waited);
			return 0;
		}
		if (!state.streaming && (waited >= timeout_ms || waited >= ask_at)) {
			FAULT_AUTO found = { 0 };

			obstacle_find(host, &found);
			if (waited >= timeout_ms || found.class != FAULT_RETRY) {
				fault_move(fault, &found);
				fault_prefix(fault, "the standby does not stream: ");
				return -EIO;
			}
			ask_at = waited + ASK_MS;
		} else if (waited >= timeout_ms) {
			return not_replayed(host, upstream->lsn - state.replayed_lsn,
					    timeout_ms, fault);
		}
		if (clock_sleep_ms(CAUGHT_UP_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
}
