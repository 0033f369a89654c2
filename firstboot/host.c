#include "host.h"

#include "clock.h"
#include "log.h"
#include "monitor.h"
#include "service.h"

#include <errno.h>
#include <string.h>

enum {
	LOCAL_TIMEOUT_MS = 30 * 1000,
	REMOTE_TIMEOUT_MS = 10 * 1000,
	READY_POLL_MS = 10,
	/* a server that starts has a postmaster.pid long before */
	NO_SERVER_MS = 5 * 1000,
};

int host_open(struct host *host, struct fault *fault)
{
	return cluster_open(&host->cluster, host->data_directory,
			    &host->settings.tablespaces, fault);
}

void host_close(struct host *host)
{
	db_close(&host->db);
	text_free(&host->upstream_tablespaces);
	cluster_close(&host->cluster);
}

int host_inspect(struct host *host, struct cluster_info *ret, struct fault *fault)
{
	return cluster_inspect(&host->cluster, ret, fault);
}

bool host_in_place(struct host *host)
{
	FAULT_AUTO fault = { 0 };
	struct cluster_info info;

	return host_inspect(host, &info, &fault) == 0 &&
	       (info.state == CLUSTER_PRIMARY || info.state == CLUSTER_STANDBY);
}

const char *host_directory(struct host *host)
{
	return host_in_place(host) ? host->cluster.path : host->cluster.staging;
}

static int open_db(struct host *host, const struct postmaster *postmaster,
		   struct fault *fault)
{
	STRING_AUTO port = text_format("%ld", postmaster->port);
	const char *const keywords[] = { "host",
					 "port",
					 "dbname",
					 "user",
					 "application_name",
					 "client_encoding",
					 "options",
					 NULL };
	const char *const values[] = {
		postmaster->socket_directory, port, "postgres", host->superuser, "pgrepl",
		"UTF8",
		/* the words of errors are compared nowhere, but shown */
		"-c lc_messages=C -c search_path=pg_catalog", NULL
	};
	const struct db_target target = {
		.keywords = keywords,
		.values = values,
		.timeout_ms = LOCAL_TIMEOUT_MS,
		.cancel_fd = host->cancel_fd,
	};
	FAULT_AUTO reason = { 0 };
	int r = db_open(&host->db, &target, &reason);

	if (r < 0) {
		fault_set(fault, reason.class,
			  "could not log in to the local server as \"%s\": %s",
			  host->superuser, text_str(&reason.message));
		fault_hint(fault,
			   "pg_hba.conf has to let the operating system's user in by "
			   "\"local all %s peer\" as its first line.",
			   host->superuser);
	}
	return r;
}

struct db *host_db(struct host *host, struct fault *fault)
{
	struct postmaster postmaster;

	if (host->db.conn && PQstatus(host->db.conn) == CONNECTION_OK)
		return &host->db;
	db_close(&host->db);
	if (cluster_postmaster(&host->cluster, &postmaster) <= 0) {
		fault_set(fault, FAULT_RETRY, "no server runs on \"%s\"",
			  host->cluster.path);
		return NULL;
	}
	if (!*postmaster.socket_directory) {
		fault_set(fault, FAULT_OPERATOR, "the server has no socket directory");
		fault_hint(fault, "Set unix_socket_directories: setup logs in by it.");
		return NULL;
	}
	return open_db(host, &postmaster, fault) < 0 ? NULL : &host->db;
}

void host_login(struct host *host, struct replication_login *ret)
{
	const struct settings *settings = &host->settings;
	bool standby = role.settings == SETTINGS_STANDBY;

	*ret = (struct replication_login){
		.host = standby ? settings->primary_host : host->listen_host,
		.port = settings->primary_port,
		.user = settings->replication_user,
		.password = &settings->replication_password,
		.tls = settings->tls,
		/* to itself by address: the certificate's name is for others to check */
		.tls_root_cert = standby ? settings->tls_root_cert : "",
		.timeout_ms = REMOTE_TIMEOUT_MS,
		.cancel_fd = host->cancel_fd,
	};
}

int host_wait_ready(struct host *host, struct fault *fault)
{
	long timeout_ms = host->settings.start_timeout_ms;
	long long started = clock_ms(), deadline = started + timeout_ms;
	struct postmaster postmaster;
	int lives = 0;

	while (!timeout_ms || clock_ms() < deadline) {
		int before = lives;

		lives = cluster_postmaster(&host->cluster, &postmaster);
		if (lives > 0 && postmaster.ready)
			return 0;
		if (lives == 0 && (before > 0 || clock_ms() >= started + NO_SERVER_MS)) {
			fault_set(fault, FAULT_OPERATOR,
				  "the server stopped while it was starting");
			fault_hint(fault, "Read its log.");
			return -EPIPE;
		}
		if (clock_sleep_ms(READY_POLL_MS, host->cancel_fd) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
	fault_set(fault, FAULT_RETRY, "the server accepts no connections after %ld s",
		  host->settings.start_timeout_ms / 1000);
	fault_hint(fault,
		   "It goes on starting: read its log, then run setup again, or give it "
		   "more time by start_timeout.");
	return -ETIMEDOUT;
}

int host_start(struct host *host, bool restart, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	int r;

	db_close(&host->db);
	if (settings->server_control == SERVER_CONTROL_SYSTEMD)
		r = monitor_ask(host->verbs, restart ? VERB_RESTART : VERB_START, NULL,
				fault);
	else
		r = service_pg_ctl(settings->bin_directory, host->cluster.path,
				   restart ? SERVICE_RESTART : SERVICE_START,
				   settings->start_timeout_ms, host->cancel_fd, fault);
	return r < 0 ? r : host_wait_ready(host, fault);
}

char *host_passfile(const struct host *host)
{
	/* beside PGDATA, where a search for the password in PGDATA finds none */
	if (host->cluster.inside)
		return text_format("%s/.pgrepl.pgpass", host->home);
	return text_format("%s.pgpass", host->cluster.path);
}
