#include "obstacle.h"

#include "base/clock.h"
#include "base/complaint.h"
#include "server_log.h"
#include "upstream.h"

#include <errno.h>
#include <string.h>

enum {
	LOOKS = 10,
	LOOK_AGAIN_MS = 50,
};

/* --- this server --- */

/* The columns of the look. */
enum {
	LOOK_OUT_OF_WAL, /* it waits for WAL, all that it has is replayed */
	LOOK_PAUSED,
	LOOK_DELAY,
	LOOK_REPLAYED,
	LOOK_TIMELINE,
	LOOK_SLOT,
	LOOK_ARCHIVE,
	LOOK_UPSTREAM,
	LOOK_LOG,
};

static int look(struct host *host, PGresult **ret, struct fault *fault)
{
	return host_query(host,
			  "SELECT coalesce((SELECT wait_event ~ '^Recovery(Wal|Retrieve)'"
			  "  FROM pg_stat_activity WHERE backend_type = 'startup'), false),"
			  " pg_is_wal_replay_paused(),"
			  " (SELECT CASE WHEN setting <> '0' THEN current_setting(name) END FROM pg_settings"
			  "  WHERE name = 'recovery_min_apply_delay'),"
			  " pg_last_wal_replay_lsn(),"
			  /* the control file has the old one until a checkpoint */
			  " (SELECT max(('x' || substr(name, 1, 8))::bit(32)::int) FROM pg_ls_waldir()"
			  "  WHERE name ~ '^[0-9A-F]{24}$'),"
			  " current_setting('primary_slot_name'), current_setting('restore_command'),"
			  " current_setting('primary_conninfo'), pg_current_logfile()",
			  0, NULL, ret, fault);
}

static bool is_true(const PGresult *row, int column)
{
	return text_equal(db_value(row, 0, column), "t");
}

/* Between two tries of the walreceiver it does something else for a moment. */
static int look_for_rest(struct host *host, PGresult **ret, struct fault *fault)
{
	int r = look(host, ret, fault);

	for (int i = 1; r == 0 && i < LOOKS && !is_true(*ret, LOOK_OUT_OF_WAL) &&
			!is_true(*ret, LOOK_PAUSED);
	     i++) {
		if (clock_sleep_ms(LOOK_AGAIN_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
		db_clear(ret);
		r = look(host, ret, fault);
	}
	return r;
}

/* It has WAL left to replay; only after that does it ask for more. */
static int find_here(const PGresult *row, struct fault *ret)
{
	const char *at = db_value(row, 0, LOOK_REPLAYED);

	if (is_true(row, LOOK_OUT_OF_WAL))
		return 0;
	if (is_true(row, LOOK_PAUSED)) {
		fault_set(ret, FAULT_OPERATOR, "replay is paused at %s", at);
		return fault_hint(ret,
				  "Run \"SELECT pg_wal_replay_resume()\" on this server; before that, look in its log for why it paused.");
	}
	if (*db_value(row, 0, LOOK_DELAY))
		fault_set(ret, FAULT_RETRY,
			  "replay is delayed by recovery_min_apply_delay = %s, and has reached %s",
			  db_value(row, 0, LOOK_DELAY), at);
	else
		fault_set(ret, FAULT_RETRY,
			  "it still replays WAL that it has, and has reached %s", at);
	return fault_hint(ret,
			  "It asks the primary for more once it has replayed what it has.");
}

/* --- the upstream --- */

static void add_clone_hint(const struct host *host, struct fault *fault)
{
	const char *data = host->cluster.path;
	TEXT_AUTO stop = { 0 };

	if (host->settings.server_control == SERVER_CONTROL_SYSTEMD)
		text_addf(&stop, "systemctl stop %s", host->settings.service);
	else
		text_addf(&stop, "%s/pg_ctl -D %s stop", host->settings.bin_directory, data);
	if (host->cluster.inside)
		fault_hint(fault,
			   "This standby has to be cloned anew. Run: %s; then move the content of %s away, and run: %s setup",
			   text_str(&stop), data, host->role->program);
	else
		fault_hint(fault,
			   "This standby has to be cloned anew. Run: %s && mv %s %s.old && %s setup",
			   text_str(&stop), data, data, host->role->program);
}

static int reach(struct host *host, struct fault *ret)
{
	int r = 0;

	/* of status and verify, nothing else needs them */
	if (!host->programs.number)
		r = programs_find(&host->programs, host->settings.bin_directory, ret);
	if (r == 0)
		r = upstream_reach(host, ret);
	if (r < 0 && ret->class == FAULT_RETRY)
		fault_prefix(ret, "could not connect to the primary %s: ", host->primary);
	return r;
}

/* Asks for WAL from our own position on, as the walreceiver does. */
static int find_there(struct host *host, const PGresult *row, struct fault *ret)
{
	const char *slot = db_value(row, 0, LOOK_SLOT);
	struct replication_login login;
	TEXT_AUTO command = { 0 };
	DB_AUTO db = { 0 };
	bool standby;
	int r;

	text_add(&command, "START_REPLICATION ");
	if (*slot) {
		text_add(&command, "SLOT ");
		db_add_identifier(&command, slot);
	}
	text_addf(&command, " PHYSICAL %s TIMELINE %s", db_value(row, 0, LOOK_REPLAYED),
		  db_value(row, 0, LOOK_TIMELINE));
	host_login(host, &login);
	if (replication_open(&login, &db, ret) < 0)
		return -EIO;
	standby = replication_is_standby(&db);
	r = db_try_stream(&db, text_str(&command), ret);
	if (r == 0)
		return 0;
	fault_prefix(ret, "%s does not send WAL from %s on timeline %s: ", host->primary,
		     db_value(row, 0, LOOK_REPLAYED), db_value(row, 0, LOOK_TIMELINE));
	/* where the timelines fork */
	if (ret->detail.len)
		text_addf(&ret->message, ". %s", text_str(&ret->detail));
	text_reset(&ret->detail);
	if (ret->class != FAULT_OPERATOR || ret->hint.len)
		return r;
	/* an upstream that is a standby itself, or an archive, may have it later */
	if (*db_value(row, 0, LOOK_ARCHIVE) || standby) {
		ret->class = FAULT_RETRY;
		return fault_hint(ret, "It may still come from %s.",
				  *db_value(row, 0, LOOK_ARCHIVE)
					  ? "the archive (restore_command)"
					  : "a primary above it");
	}
	add_clone_hint(host, ret);
	return r;
}

/* What it sends to a standby it has written before; our look may be older than that. */
static int check_ahead(struct host *host, uint64_t replayed, struct fault *fault)
{
	TEXT_AUTO here = { 0 };
	TEXT_AUTO there = { 0 };

	if (replayed <= host->upstream.lsn || reach(host, fault) < 0 ||
	    replayed <= host->upstream.lsn)
		return fault->class == FAULT_NONE ? 0 : -EIO;
	replication_add_lsn(&here, replayed);
	replication_add_lsn(&there, host->upstream.lsn);
	fault_set(fault, FAULT_OPERATOR,
		  "this standby has replayed %s and is ahead of %s, which has written %s only",
		  text_str(&here), host->primary, text_str(&there));
	add_clone_hint(host, fault);
	return -EIO;
}

int obstacle_check(struct host *host, const struct replication_state *state,
		   struct fault *fault)
{
	FAULT_AUTO found = { 0 };
	RESULT_AUTO row = NULL;

	if (!host->upstream_known && reach(host, fault) < 0)
		return -EIO;
	if (state->timeline == host->upstream.timeline)
		return check_ahead(host, state->replayed_lsn, fault);
	if (look(host, &row, fault) < 0)
		return -EIO;
	if (find_there(host, row, &found) == 0 || found.class == FAULT_RETRY)
		return 0;
	fault_move(fault, &found);
	return -EIO;
}

/* --- the server's log --- */

/* In a line of the log that is about WAL from the upstream. */
static bool is_about_upstream(const char *line)
{
	static const char *const about[] = {
		"primary server",   "WAL stream",          "walreceiver",
		"WAL receiver",     "primary_conninfo",    "timeline",
		"replication slot", "incorrect prev-link", "the primary",
	};

	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		if (strstr(line, about[i]))
			return true;
	return false;
}

static bool is_error(const char *line)
{
	return strstr(line, "FATAL") || strstr(line, "ERROR") ||
	       strstr(line, "LOG:  new timeline");
}

/* A line that says why. */
static const char *test_line(const char *line)
{
	return is_error(line) && is_about_upstream(line) ? line : NULL;
}

static int find_in_log(const struct host *host, const PGresult *row, struct fault *ret)
{
	const char *current = db_value(row, 0, LOOK_LOG);
	STRING_AUTO path = NULL;
	TEXT_AUTO line = { 0 };

	if (!*db_value(row, 0, LOOK_UPSTREAM)) {
		fault_set(ret, FAULT_OPERATOR, "the server has no primary_conninfo");
		return fault_hint(ret, "Run \"%s setup\".", host->role->program);
	}
	path = *current ? server_log_path(host, current) : server_log_own(host);
	if (complaint_find_in(path, 0, test_line, &line)) {
		fault_set(ret, FAULT_RETRY, "the server has logged: %s", text_str(&line));
		return fault_hint(ret, "That is in \"%s\".", path);
	}
	fault_set(ret, FAULT_RETRY, "the walreceiver has not connected yet");
	return fault_hint(ret, "Read the logs of both servers.");
}

void obstacle_find(struct host *host, struct fault *ret)
{
	RESULT_AUTO row = NULL;
	int r = look_for_rest(host, &row, ret);

	if (r == 0)
		r = find_here(row, ret);
	if (r == 0)
		r = reach(host, ret);
	if (r == 0)
		r = find_there(host, row, ret);
	if (r == 0)
		(void)find_in_log(host, row, ret);
}
