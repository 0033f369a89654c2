#include "status.h"

#include <errno.h>
#include <stdio.h>

/* --- what is there --- */

struct server {
	struct replication_state state;
	struct text lsn; /* written on a primary, replayed on a standby */
	struct text version;
	struct text sync_names;
	struct text upstream; /* host:port of primary_conninfo, from the walreceiver */
	long port;
	PGresult *senders;
};

static void server_free(struct server *server)
{
	text_free(&server->lsn);
	text_free(&server->version);
	text_free(&server->sync_names);
	text_free(&server->upstream);
	PQclear(server->senders);
}

/* The columns of senders: a line for a person, and a JSON object. */
enum { SENDER_LINE, SENDER_JSON };

static int look(struct host *host, struct server *ret, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	RESULT_AUTO now = NULL;

	if (!db || replication_look(db, &ret->state, fault) < 0 ||
	    db_query(db,
		     "SELECT current_setting('server_version'), current_setting('port'),"
		     " current_setting('synchronous_standby_names'),"
		     " CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
		     "  ELSE pg_current_wal_flush_lsn() END",
		     0, NULL, &now, fault) < 0 ||
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
	text_add(&ret->version, db_value(now, 0, 0));
	(void)text_to_long(db_value(now, 0, 1), 1, 65535, &ret->port);
	text_add(&ret->sync_names, db_value(now, 0, 2));
	text_add(&ret->lsn, db_value(now, 0, 3));
	if (*ret->state.sender_host)
		text_addf(&ret->upstream, "%s:%ld", ret->state.sender_host,
			  ret->state.sender_port);
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

	printf("upstream: %s\n",
	       server->upstream.len ? text_str(&server->upstream) : host->primary);
	if (state->walreceiver_pid)
		printf("walreceiver: pid %ld, %s%s%s\n", state->walreceiver_pid,
		       state->status, server->upstream.len ? " from " : "",
		       text_str(&server->upstream));
	else
		printf("walreceiver: not running\n");
	printf("replayed: %s on timeline %ld, %llu bytes behind what was received\n",
	       text_str(&server->lsn), state->timeline,
	       (unsigned long long)lag_bytes(state));
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
	printf("server: PostgreSQL %s on port %ld, data in %s\n",
	       text_str(&server->version), server->port, host->cluster.path);
	printf("system identifier: %s\n", server->state.system_id);
	if (standby) {
		print_standby(host, server);
		if (!PQntuples(server->senders))
			return;
	} else {
		printf("position: %s on timeline %ld\n", text_str(&server->lsn),
		       server->state.timeline);
		printf("replication: %s%s\n",
		       server->sync_names.len ? "synchronous, " : "asynchronous",
		       text_str(&server->sync_names));
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

static const char *json_bool(bool value)
{
	return value ? "true" : "false";
}

static void add_json_standby(struct text *ret, const struct server *server)
{
	const struct replication_state *state = &server->state;
	TEXT_AUTO received = { 0 };

	add_json(ret, "streaming", "%s", json_bool(state->streaming));
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
	add_json_text(ret, "replay_lsn", text_str(&server->lsn));
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
	add_json_text(&json, "server_version", text_str(&server->version));
	add_json(&json, "port", "%ld", server->port);
	add_json_text(&json, "data_directory", host->cluster.path);
	add_json(&json, "in_recovery", "%s", json_bool(server->state.in_recovery));
	/* unsigned, 64 bits, as a string: readers that use doubles would round it */
	add_json_text(&json, "system_identifier", server->state.system_id);
	add_json(&json, "timeline", "%ld", server->state.timeline);
	add_json_text(&json, "lsn", text_str(&server->lsn));
	if (server->state.in_recovery)
		add_json_standby(&json, server);
	else
		add_json_text(&json, "replication",
			      server->sync_names.len ? "synchronous" : "asynchronous");
	add_json(&json, "standbys", "[");
	for (int i = 0; i < PQntuples(server->senders); i++)
		text_addf(&json, "%s%s", i ? "," : "",
			  db_value(server->senders, i, SENDER_JSON));
	text_add(&json, "]}");
	puts(text_str(&json));
}

int status_print(struct host *host, bool json, struct fault *fault)
{
	struct server server = { .port = 0 };
	int r = look(host, &server, fault);

	if (r == 0) {
		if (json)
			print_json(host, &server);
		else
			print_status(host, &server);
		if (server.state.in_recovery && !server.state.streaming)
			r = fault_set(fault, FAULT_RETRY, "the standby does not stream");
	}
	server_free(&server);
	return r;
}
