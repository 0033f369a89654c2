#include "host.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
	LOCAL_MS = 30 * 1000,
	REMOTE_CONNECT_MS = 10 * 1000,
	REMOTE_QUERY_MS = 10 * 1000,
	/* the default of authentication_timeout: name servers and directories can be slow */
	LOGIN_MS = 60 * 1000,
};

int host_open(struct host *host, struct fault *fault)
{
	host->primary = text_format("%s:%ld", host->settings.primary_host,
				    host->settings.primary_port);
	return cluster_open(&host->cluster, host->data_directory,
			    &host->settings.tablespaces, fault);
}

void host_close(struct host *host)
{
	db_close(&host->db);
	programs_free(&host->programs);
	text_free(&host->upstream_tablespaces);
	text_free(&host->not_tried);
	cluster_close(&host->cluster);
	text_drop(&host->primary);
}

int host_look(struct host *host, struct fault *fault)
{
	return cluster_inspect(&host->cluster, &host->found, fault);
}

bool host_in_place(const struct host *host)
{
	return host->found.state ==
	       (host->role->settings == SETTINGS_STANDBY ? CLUSTER_STANDBY : CLUSTER_PRIMARY);
}

bool host_add_subject(const struct host *host, struct text *ret)
{
	struct postmaster postmaster;
	bool runs = cluster_postmaster(&host->cluster, &postmaster) > 0;

	if (runs)
		text_addf(ret, "a server runs on \"%s\" (pid %d), which",
			  host->cluster.path, (int)postmaster.pid);
	else
		text_addf(ret, "\"%s\"", host->cluster.path);
	return runs;
}

bool host_half_in_place(const struct host *host)
{
	return host->found.state == CLUSTER_PARTIAL;
}

const char *host_directory(const struct host *host)
{
	if (host->trying)
		return host->cluster.trial;
	return host_in_place(host) ? host->cluster.path : host->cluster.staging;
}

bool host_has_staged(const struct host *host, const char *name)
{
	STRING_AUTO path = text_format("%s/%s", host->cluster.staging, name);

	return !host->dry_run && file_exists(path);
}

/*
 * Statements of ours may hold a verifier, which must not reach the log however the server
 * is configured to log. Set for the session, because some of it is decided when a
 * transaction starts. Nor do we wait for a synchronous standby, which may not be there
 * yet. What the cluster, the database or the role is set to must not keep us from writing.
 */
static char *session_options(const struct host *host)
{
	return text_format("-c lc_messages=C -c search_path=pg_catalog"
			   " -c synchronous_commit=local -c role=none"
			   " -c default_transaction_read_only=off"
			   " -c default_transaction_isolation=read\\ committed"
			   " -c statement_timeout=0 -c lock_timeout=0 -c log_statement=none"
			   " -c log_min_error_statement=panic"
			   " -c log_min_duration_statement=-1 -c log_transaction_sample_rate=0"
			   " -c pg_stat_statements.track_utility=off%s",
			   host->programs.major && host->programs.major->log_min_duration_sample
				   ? " -c log_min_duration_sample=-1"
				   : "");
}

static int open_database(struct host *host, const struct postmaster *postmaster,
			 const char *database, struct fault *fault)
{
	const struct secret *password = &host->settings.superuser_password;
	STRING_AUTO port = text_format("%ld", postmaster->port);
	STRING_AUTO options = session_options(host);
	const struct db_parameter parameters[] = {
		{ "host", postmaster->socket_directory },
		{ "port", port },
		{ "dbname", database },
		{ "user", host->superuser },
		/* if the server asks for it, and is run by our own user */
		{ "password", secret_is_set(password) ? secret_reveal(password) : NULL },
		{ "requirepeer", host->user },
		{ "application_name", "pgrepl" },
		{ "client_encoding", "UTF8" },
		{ "options", options },
		{ NULL, NULL },
	};
	const struct db_timeouts timeouts = { .connect_ms = LOCAL_MS,
					      .login_ms = LOGIN_MS,
					      .query_ms = LOCAL_MS };

	return db_open(&host->db, parameters, &timeouts, fault);
}

/* The hints of errors.h are about the upstream; here, whoever runs this has to act. */
static void set_local_hint(const struct host *host, struct fault *fault)
{
	bool by_password = text_equal(fault->sqlstate, "28P01") ||
			   strstr(text_str(&fault->message), "no password supplied");

	if (!by_password && !text_starts_with(fault->sqlstate, "28")) {
		if (*fault->sqlstate)
			text_reset(&fault->hint);
		return;
	}
	fault->class = FAULT_OPERATOR;
	text_reset(&fault->hint);
	if (text_equal(host->user, host->superuser))
		fault_hint(fault,
			   "Make \"local all %s peer\" the first line of pg_hba.conf, so that the operating system user can log in.",
			   host->superuser);
	else
		fault_hint(fault,
			   "Make \"local all %s peer map=pgrepl\" the first line of pg_hba.conf, and \"pgrepl %s %s\" a line of pg_ident.conf, so that the operating system user can log in.",
			   host->superuser, host->user, host->superuser);
	if (by_password)
		fault_hint(fault,
			   "Or set superuser_password in section [primary] to its password.");
	else
		fault_hint(fault,
			   "If the cluster's superuser has another name, set superuser in section [common].");
}

static bool is_superuser(const struct db *db)
{
	const char *value = PQparameterStatus(db->conn, "is_superuser");

	return value && text_equal(value, "on");
}

static int open_db(struct host *host, const struct postmaster *postmaster, struct fault *fault)
{
	int r = open_database(host, postmaster, "postgres", fault);

	/* it was dropped, or lets nobody in: all that we look at is in every database */
	if (r < 0 && (text_equal(fault->sqlstate, "3D000") ||
		      text_equal(fault->sqlstate, "55000"))) {
		fault_clear(fault);
		r = open_database(host, postmaster, "template1", fault);
	}
	/* one that is no superuser may not even set our options */
	if (r < 0 && !text_equal(fault->sqlstate, "42501")) {
		set_local_hint(host, fault);
		fault_prefix(fault, "could not log in to the local server as \"%s\": ",
			     host->superuser);
		return r;
	}
	if (r == 0 && is_superuser(&host->db))
		return 0;
	db_close(&host->db);
	fault_clear(fault);
	fault_set(fault, FAULT_OPERATOR, "\"%s\" is not a superuser of the local server",
		  host->superuser);
	return fault_hint(fault,
			  "Set superuser in section [common] to the name of the cluster's superuser.");
}

struct db *host_db(struct host *host, struct fault *fault)
{
	struct postmaster postmaster;

	if (host->db.conn && PQstatus(host->db.conn) == CONNECTION_OK)
		return &host->db;
	db_close(&host->db);
	if (cluster_postmaster(&host->cluster, &postmaster) <= 0) {
		fault_set(fault, FAULT_RETRY, "no server runs on \"%s\"", host->cluster.path);
		return NULL;
	}
	if (!*postmaster.socket_directory) {
		fault_set(fault, FAULT_OPERATOR, "the server has no socket directory");
		fault_hint(fault,
			   "Set unix_socket_directories: setup connects through the socket.");
		return NULL;
	}
	return open_db(host, &postmaster, fault) < 0 ? NULL : &host->db;
}

int host_query(struct host *host, const char *sql, int count, const char *const *values,
	       PGresult **ret, struct fault *fault)
{
	struct db *db = host_db(host, fault);

	return db ? db_query(db, sql, count, values, ret, fault) : -EIO;
}

bool host_excuses(const struct host *host, struct fault *fault)
{
	if (host->dry_run)
		fault_clear(fault);
	return host->dry_run;
}

static int at_most(long limit_ms, int ms)
{
	return limit_ms < ms ? (int)limit_ms : ms;
}

void host_login(const struct host *host, struct replication_login *ret)
{
	const struct settings *settings = &host->settings;
	bool standby = host->role->settings == SETTINGS_STANDBY;
	long limit_ms = standby && settings->wait_timeout_ms ? settings->wait_timeout_ms
							     : LONG_MAX;

	*ret = (struct replication_login){
		.host = standby ? settings->primary_host : host->listen_host,
		.port = settings->primary_port,
		.user = settings->replication_user,
		.password = &settings->replication_password,
		.tls = settings->tls,
		/* by address: the certificate's name is for others to check */
		.tls_root_cert = standby ? settings->tls_root_cert : "",
		/* a single attempt has to fit into the time for all of them */
		.timeouts = { .connect_ms = at_most(limit_ms, REMOTE_CONNECT_MS),
			      .login_ms = at_most(limit_ms, LOGIN_MS),
			      .query_ms = at_most(limit_ms, REMOTE_QUERY_MS) },
	};
}

char *host_passfile(const struct host *host)
{
	char *path;

	/* beside PGDATA, not in it: base backups must not contain the password */
	if (!host->cluster.inside)
		return text_format("%s.pgpass", host->cluster.path);
	/* one per cluster of this user: .pgrepl-data-pg.pgpass for /data/pg */
	path = text_format("%s/.pgrepl%s.pgpass", host->home, host->cluster.path);
	for (char *s = path + strlen(host->home) + 1; *s; s++)
		if (*s == '/')
			*s = '-';
	return path;
}
