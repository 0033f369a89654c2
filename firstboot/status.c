#include "status.h"

#include "obstacle.h"

#include <errno.h>
#include <stdio.h>

/* --- what is there --- */

struct server {
	struct replication_state state;
	PGresult *now, *senders;
	struct fault obstacle; /* of a standby that does not stream */
};

/* The columns of now; the position was written on a primary, replayed on a standby. */
enum { NOW_VERSION, NOW_PORT, NOW_SYNC_NAMES, NOW_LSN };

static const char *now(const struct server *server, int column)
{
	return db_value(server->now, 0, column);
}

static void server_free(struct server *server)
{
	PQclear(server->now);
	PQclear(server->senders);
	fault_clear(&server->obstacle);
}

/* The columns of senders: a line for a person, and a JSON object. */
enum { SENDER_LINE, SENDER_JSON };

static int look(struct host *host, struct server *ret, struct fault *fault)
{
	struct db *db = host_db(host, fault);

	if (!db || replication_look(db, &ret->state, fault) < 0 ||
	    db_query(db,
		     "SELECT current_setting('server_version'), current_setting('port'),"
		     " current_setting('synchronous_standby_names'),"
		     " CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
		     "  ELSE pg_current_wal_flush_lsn() END",
		     0, NULL, &ret->now, fault) < 0 ||
	    db_query(db,
		     "SELECT format('  pid %s  %s  %s  %s  %s  %s bytes behind%s', pid,"
		     "  application_name, client_addr, state, sync_state,"
		     "  coalesce(lag_bytes::text, '?'), ', ' || replay_lag_s || ' s'), row_to_json(s)"
		     " FROM (SELECT pid, nullif(application_name, '') AS application_name,"
		     "  coalesce(host(client_addr), 'local') AS client_addr, state, sync_state,"
		     "  sent_lsn, replay_lsn, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()"
		     "   THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END,"
		     "   replay_lsn) AS lag_bytes, extract(epoch FROM replay_lag) AS replay_lag_s"
		     "  FROM pg_stat_replication"
		     "  WHERE application_name <> '" REPLICATION_CLONE_NAME "') s"
		     " ORDER BY coalesce(application_name, ''), pid",
		     0, NULL, &ret->senders, fault) < 0)
		return -EIO;
	return 0;
}

static uint64_t lag_bytes(const struct replication_state *state)
{
	if (state->received_lsn <= state->replayed_lsn)
		return 0;
	return state->received_lsn - state->replayed_lsn;
}

/* --- for a person --- */

static void print_standby(const struct host *host, const struct server *server)
{
	const struct replication_state *state = &server->state;
	TEXT_AUTO sender = { 0 }; /* host:port of primary_conninfo, from the walreceiver */

	if (*state->sender_host)
		text_addf(&sender, "%s:%ld", state->sender_host, state->sender_port);
	printf("upstream: %s\n", sender.len ? text_str(&sender) : host->primary);
	if (state->walreceiver_pid)
		printf("walreceiver: pid %ld, %s%s%s\n", state->walreceiver_pid,
		       state->status, sender.len ? " from " : "", text_str(&sender));
	else
		printf("walreceiver: not running\n");
	if (server->obstacle.message.len)
		printf("not streaming: %s\n", text_str(&server->obstacle.message));
	printf("replayed: %s on timeline %ld, %llu bytes behind what was received\n",
	       now(server, NOW_LSN), state->timeline, (unsigned long long)lag_bytes(state));
	if (state->replay_delay_s >= 0)
		printf("last replayed commit: %.1f s ago\n", state->replay_delay_s);
}

static void print_senders(const PGresult *rows)
{
	printf("standbys: %d\n", PQntuples(rows));
	for (int i = 0; i < PQntuples(rows); i++)
		puts(db_value(rows, i, SENDER_LINE));
}

static void print_status(const struct host *host, const struct server *server)
{
	bool standby = server->state.in_recovery;

	printf("role: %s\n", standby ? "standby" : "primary");
	printf("server: PostgreSQL %s on port %s, data in %s\n", now(server, NOW_VERSION),
	       now(server, NOW_PORT), host->cluster.path);
	printf("system identifier: %s\n", server->state.system_id);
	if (standby) {
		print_standby(host, server);
		if (!PQntuples(server->senders))
			return;
	} else {
		printf("position: %s on timeline %ld\n", now(server, NOW_LSN),
		       server->state.timeline);
		printf("replication: %s%s\n",
		       *now(server, NOW_SYNC_NAMES) ? "synchronous, " : "asynchronous",
		       now(server, NOW_SYNC_NAMES));
	}
	print_senders(server->senders);
}

/* --- as JSON --- */

/* The key of the next member of an object that ret ends in. */
static void add_json_key(struct text *ret, const char *key)
{
	text_addf(ret, "%s\"%s\":", ret->s[ret->len - 1] == '{' ? "" : ",", key);
}

/* A member whose value is JSON as it is. */
static void PRINTF_LIKE(3, 4)
	add_json(struct text *ret, const char *key, const char *fmt, ...)
{
	va_list args;

	add_json_key(ret, key);
	va_start(args, fmt);
	text_addv(ret, fmt, args);
	va_end(args);
}

/* A string, or null when it is empty. */
static void add_json_text(struct text *ret, const char *key, const char *s)
{
	add_json_key(ret, key);
	text_add(ret, *s ? "\"" : "null");
	for (const char *c = s; *c; c++) {
		if (*c == '"' || *c == '\\')
			text_addf(ret, "\\%c", *c);
		else if ((unsigned char)*c < ' ')
			text_addf(ret, "\\u%04x", (unsigned int)*c);
		else
			text_add_bytes(ret, c, 1);
	}
	text_add(ret, *s ? "\"" : "");
}

static void add_json_standby(struct text *ret, const struct server *server)
{
	const struct replication_state *state = &server->state;
	TEXT_AUTO received = { 0 };

	add_json(ret, "streaming", "%s", state->streaming ? "true" : "false");
	if (state->walreceiver_pid) {
		replication_add_lsn(&received, state->received_lsn);
		add_json(ret, "wal_receiver", "{");
		add_json(ret, "pid", "%ld", state->walreceiver_pid);
		add_json_text(ret, "status", state->status);
		add_json_text(ret, "sender_host", state->sender_host);
		add_json(ret, "sender_port", "%ld", state->sender_port);
		add_json_text(ret, "received_lsn", text_str(&received));
		text_add(ret, "}");
	} else {
		add_json(ret, "wal_receiver", "null");
	}
	add_json_text(ret, "not_streaming", text_str(&server->obstacle.message));
	add_json_text(ret, "replay_lsn", now(server, NOW_LSN));
	add_json(ret, "lag_bytes", "%llu", (unsigned long long)lag_bytes(state));
	if (state->replay_delay_s >= 0)
		add_json(ret, "replay_delay_s", "%.3f", state->replay_delay_s);
	else
		add_json(ret, "replay_delay_s", "null");
}

static void print_json(const struct host *host, const struct server *server)
{
	TEXT_AUTO json = { 0 };

	text_add(&json, "{");
	add_json_text(&json, "role", server->state.in_recovery ? "standby" : "primary");
	add_json_text(&json, "server_version", now(server, NOW_VERSION));
	add_json(&json, "port", "%s", now(server, NOW_PORT));
	add_json_text(&json, "data_directory", host->cluster.path);
	add_json(&json, "in_recovery", "%s", server->state.in_recovery ? "true" : "false");
	/* unsigned, 64 bits, as a string: readers that use doubles would round it */
	add_json_text(&json, "system_identifier", server->state.system_id);
	add_json(&json, "timeline", "%ld", server->state.timeline);
	add_json_text(&json, "lsn", now(server, NOW_LSN));
	if (server->state.in_recovery)
		add_json_standby(&json, server);
	else
		add_json_text(&json, "replication",
			      *now(server, NOW_SYNC_NAMES) ? "synchronous" : "asynchronous");
	add_json(&json, "standbys", "[");
	for (int i = 0; i < PQntuples(server->senders); i++)
		text_addf(&json, "%s%s", i ? "," : "",
			  db_value(server->senders, i, SENDER_JSON));
	text_add(&json, "]}");
	puts(text_str(&json));
}

/* The role knows which upstream server to ask; the ini of a primary does not. */
static void find_obstacle(struct host *host, struct server *server)
{
	if (!server->state.in_recovery || server->state.streaming)
		return;
	if (host->role->settings == SETTINGS_STANDBY)
		obstacle_find(host, &server->obstacle);
	else
		fault_set(&server->obstacle, FAULT_RETRY,
			  "this host has the package of a primary");
}

int status_print(struct host *host, bool json, struct fault *fault)
{
	struct server server = { .now = NULL };
	int r = look(host, &server, fault);

	if (r == 0) {
		find_obstacle(host, &server);
		if (json)
			print_json(host, &server);
		else
			print_status(host, &server);
		if (server.obstacle.class != FAULT_NONE) {
			fault_move(fault, &server.obstacle);
			fault_prefix(fault, "the standby does not stream: ");
			r = -EIO;
		}
	}
	server_free(&server);
	return r;
}
