#include "steps.h"

#include "certificate.h"
#include "clock.h"
#include "file.h"
#include "log.h"
#include "monitor.h"
#include "ownership.h"
#include "selinux.h"
#include "service.h"
#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	CONF_MAX = 4 * 1024 * 1024,
	VERSION_TIMEOUT_MS = 30 * 1000,
	RELOAD_TIMEOUT_MS = 10 * 1000,
};

enum step_state step_refused(struct fault *fault, int r, const char *what,
			     const char *path)
{
	fault_errno(fault, FAULT_OPERATOR, r, "could not %s \"%s\"", what, path);
	return STEP_REFUSED;
}

/* --- programs --- */

/* "postgres (PostgreSQL) 12.22": the version, and its major. */
static int server_version(struct host *host, struct text *ret_version,
			  struct fault *fault)
{
	STRING_AUTO program = text_format("%s/postgres", host->settings.bin_directory);
	TEXT_AUTO out = { 0 };
	const char *argv[] = { program, "--version", NULL };
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = VERSION_TIMEOUT_MS,
		.cancel_fd = host->cancel_fd,
		.out = &out,
	};
	int status = spawn_run(&spawn);
	const char *version;
	char *major;

	if (status < 0)
		return fault_errno(fault, FAULT_OPERATOR, status, "could not run \"%s\"",
				   program);
	version = out.s ? strstr(text_trim(out.s), ") ") : NULL;
	if (status || !version)
		return fault_set(fault, FAULT_OPERATOR, "\"%s --version\" failed",
				 program);
	text_add(ret_version, version + 2);
	major = text_format("%.*s", (int)strspn(version + 2, "0123456789"), version + 2);
	if (text_to_long(major, 1, 1000, &host->major_number) < 0)
		fault_set(fault, FAULT_OPERATOR, "\"%s\" has an unknown version",
			  program);
	text_drop(&major);
	return fault->class == FAULT_NONE ? 0 : -EINVAL;
}

enum step_state programs_check(struct host *host, struct text *detail,
			       struct fault *fault)
{
	static const char *const programs[] = { "postgres", "initdb", "pg_basebackup",
						"pg_ctl" };
	const char *folder = host->settings.bin_directory;
	TEXT_AUTO version = { 0 };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		STRING_AUTO path = text_format("%s/%s", folder, programs[i]);

		if (access(path, X_OK) == 0)
			continue;
		step_refused(fault, -errno, "run", path);
		fault_hint(fault,
			   "Install postgresql%d-server, or set bin_directory in section "
			   "[common].",
			   PGMAJOR);
		return STEP_REFUSED;
	}
	if (server_version(host, &version, fault) < 0)
		return STEP_REFUSED;
	host->major = major_find((int)host->major_number);
	if (!host->major) {
		fault_set(fault, FAULT_OPERATOR, "PostgreSQL %s in \"%s\" is too old",
			  text_str(&version), folder);
		fault_hint(fault, "Version 12 is the oldest that has standby.signal.");
		return STEP_REFUSED;
	}
	text_addf(detail, "PostgreSQL %s in %s", text_str(&version), folder);
	return STEP_DONE;
}

/* --- ownership --- */

enum step_state ownership_check(struct host *host, struct text *detail,
				struct fault *fault)
{
	long others = 0;

	if (ownership_count(host->cluster.path, geteuid(), &others, fault) < 0)
		return STEP_REFUSED;
	if (!others) {
		text_addf(detail, "all of %s is owned by %s", host->cluster.path,
			  host->superuser);
		return STEP_DONE;
	}
	text_addf(detail, "%ld entries in %s are not owned by %s", others,
		  host->cluster.path, host->superuser);
	return STEP_NEEDED;
}

int ownership_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_OWN, NULL, fault);
}

/* --- data directory --- */

static enum step_state unusable(struct host *host, struct text *detail,
				struct fault *fault, const char *what)
{
	struct postmaster postmaster;

	if (cluster_postmaster(&host->cluster, &postmaster) > 0)
		fault_set(fault, FAULT_OPERATOR,
			  "a server runs on \"%s\" (pid %d), which %s",
			  host->cluster.path, (int)postmaster.pid, what);
	else
		postmaster.pid = 0;
	fault_set(fault, FAULT_OPERATOR, "\"%s\" %s", host->cluster.path, what);
	if (host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE) {
		fault_hint(fault,
			   "Nothing in it was changed. Empty it, name another "
			   "data_directory, or set existing_data = move_aside to have it "
			   "renamed.");
		return STEP_REFUSED;
	}
	if (postmaster.pid) {
		fault_hint(fault, "Stop it, for its data to be moved aside.");
		return STEP_REFUSED;
	}
	if (host->cluster.inside) {
		fault_hint(fault,
			   "It is a mount point, or in a directory of somebody else, and "
			   "cannot be renamed: move its content by hand.");
		return STEP_REFUSED;
	}
	/* when the new one is whole: until then the old one stays where it is */
	fault_clear(fault);
	text_addf(detail, "%s is to be moved aside: it %s", host->cluster.path, what);
	return STEP_DONE;
}

static enum step_state unfinished(struct host *host, struct text *detail)
{
	text_addf(detail, "finish putting %s in place, where a run was interrupted",
		  host->cluster.path);
	return STEP_NEEDED;
}

static enum step_state adoptable(struct host *host, const struct cluster_info *info,
				 struct text *detail, struct fault *fault)
{
	if (cluster_is_unfinished(&host->cluster))
		return unfinished(host, detail);
	if (info->major != host->major_number) {
		fault_set(
			fault, FAULT_OPERATOR,
			"\"%s\" was made by PostgreSQL %ld, and the programs are of %ld",
			host->cluster.path, info->major, host->major_number);
		fault_hint(
			fault,
			"Set bin_directory and service to that major's, or upgrade the "
			"cluster first.");
		return STEP_REFUSED;
	}
	text_addf(detail, "%s holds a %s of PostgreSQL %ld", host->cluster.path,
		  role.name, info->major);
	return STEP_DONE;
}

enum step_state data_check(struct host *host, struct text *detail, struct fault *fault)
{
	bool standby = role.settings == SETTINGS_STANDBY;
	struct cluster_info info;

	if (host_inspect(host, &info, fault) < 0)
		return STEP_REFUSED;
	if (info.state == CLUSTER_PARTIAL)
		return unfinished(host, detail);
	if (!host_in_place(host) && cluster_has_leftover(&host->cluster)) {
		text_addf(detail, "clear %s, left by an interrupted run",
			  host->cluster.staging);
		return STEP_NEEDED;
	}
	switch (info.state) {
	case CLUSTER_ABSENT:
	case CLUSTER_EMPTY:
		text_addf(detail, "%s is %s", host->cluster.path,
			  info.state == CLUSTER_EMPTY ? "empty" : "not there yet");
		return STEP_DONE;
	case CLUSTER_PRIMARY:
		if (standby)
			return unusable(
				host, detail, fault,
				"holds a cluster that is no standby (a standby that was "
				"promoted, perhaps)");
		return adoptable(host, &info, detail, fault);
	case CLUSTER_STANDBY:
		if (!standby)
			return unusable(
				host, detail, fault,
				"holds a standby: promote it to make it a primary");
		return adoptable(host, &info, detail, fault);
	case CLUSTER_PARTIAL:
	case CLUSTER_FOREIGN:
		break;
	}
	return unusable(host, detail, fault,
			"holds something that is no PostgreSQL cluster");
}

enum step_state data_look(struct host *host, struct text *detail, struct fault *fault)
{
	enum step_state state = access(host->cluster.path, R_OK) < 0 && errno == EACCES
					? STEP_NEEDED
					: data_check(host, detail, fault);

	if (state == STEP_NEEDED && !detail->len)
		text_addf(detail, "%s cannot be read as %s yet", host->cluster.path,
			  host->superuser);
	return state == STEP_NEEDED ? STEP_DONE : state;
}

int data_apply(struct host *host, struct fault *fault)
{
	if (cluster_is_unfinished(&host->cluster))
		return cluster_finish(&host->cluster, fault);
	return cluster_clear_staging(&host->cluster, fault);
}

/* --- certificate --- */

/*
 * The path that a parameter such as ssl_cert_file names; relative ones are PGDATA's. A running
 * server is asked, which is quicker than to have its program read the files.
 */
static char *named_file(struct host *host, const char *parameter, struct fault *fault)
{
	const char *const values[] = { parameter };
	FAULT_AUTO not_running = { 0 };
	struct db *db = host_db(host, &not_running);
	TEXT_AUTO value = { 0 };
	RESULT_AUTO result = NULL;

	if (db &&
	    db_query(db, "SELECT current_setting($1)", 1, values, &result, fault) < 0)
		return NULL;
	if (db)
		text_add(&value, db_value(result, 0, 0));
	else if (cluster_show_conf(host_directory(host), host->settings.bin_directory,
				   parameter, host->cancel_fd, &value, fault) < 0)
		return NULL;
	return *text_str(&value) == '/'
		       ? text_copy(text_str(&value))
		       : text_format("%s/%s", host_directory(host), text_str(&value));
}

/* On an adopted cluster its own configuration may name other files than the default ones. */
static enum step_state certificate_in_place(struct host *host, struct text *detail,
					    struct fault *fault)
{
	STRING_AUTO certificate = named_file(host, "ssl_cert_file", fault);
	STRING_AUTO key = certificate ? named_file(host, "ssl_key_file", fault) : NULL;
	STRING_AUTO default_key = text_format("%s/" CERTIFICATE_KEY_FILE,
					      host_directory(host));

	if (!key)
		return STEP_REFUSED;
	if (file_exists(certificate) && file_exists(key)) {
		text_addf(detail, "%s and %s", certificate, key);
		return STEP_DONE;
	}
	if (text_equal(key, default_key)) {
		text_add(detail, "make a self-signed one");
		return STEP_NEEDED;
	}
	fault_set(fault, FAULT_OPERATOR,
		  "the certificate \"%s\" or its key \"%s\" is missing", certificate,
		  key);
	fault_hint(fault, "Put it there, or correct ssl_cert_file and ssl_key_file.");
	return STEP_REFUSED;
}

enum step_state certificate_check(struct host *host, struct text *detail,
				  struct fault *fault)
{
	const struct settings *settings = &host->settings;
	const struct pgconf *own = role.settings == SETTINGS_PRIMARY
					   ? &settings->primary_settings
					   : &settings->standby_settings;
	STRING_AUTO key = text_format("%s/" CERTIFICATE_KEY_FILE, host_directory(host));
	STRING_AUTO certificate = text_format("%s/" CERTIFICATE_FILE,
					      host_directory(host));

	if (!settings->tls)
		text_add(detail, "tls is off");
	else if (pgconf_get(own, "ssl_cert_file") || pgconf_get(own, "ssl_key_file"))
		text_add(detail, "the ini names one");
	else if (host_in_place(host))
		return certificate_in_place(host, detail, fault);
	else if (file_exists(key) && file_exists(certificate))
		text_add(detail, CERTIFICATE_FILE " and " CERTIFICATE_KEY_FILE);
	else {
		text_add(detail, "make a self-signed one");
		return STEP_NEEDED;
	}
	return STEP_DONE;
}

int certificate_apply(struct host *host, struct fault *fault)
{
	const char *primary_host = role.settings == SETTINGS_PRIMARY
					   ? host->settings.primary_host
					   : "";

	return certificate_make(host_directory(host), host->host_name, primary_host,
				host->cancel_fd, fault);
}

/* --- settings --- */

static int read_conf(const char *path, struct text *ret)
{
	int r = file_read(path, CONF_MAX, ret);

	/* a clone of a server whose configuration is kept elsewhere has none: it starts empty */
	return r == -ENOENT ? 0 : r;
}

enum step_state settings_look(struct host *host, const struct pgconf *conf,
			      struct text *detail, struct fault *fault)
{
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, host_directory(host));
	STRING_AUTO main = text_format("%s/postgresql.conf", host_directory(host));
	TEXT_AUTO wanted = { 0 };
	TEXT_AUTO present = { 0 };
	TEXT_AUTO including = { 0 };
	int r = read_conf(ours, &present);

	if (r < 0)
		return step_refused(fault, r, "read", ours);
	r = read_conf(main, &including);
	if (r < 0)
		return step_refused(fault, r, "read", main);
	pgconf_render(conf, role.name, &wanted);
	if (text_equal(text_str(&present), text_str(&wanted)) &&
	    pgconf_has_include(text_str(&including))) {
		text_addf(detail, "%zu in %s", conf->count, ours);
		return STEP_DONE;
	}
	text_addf(detail, "write %zu to %s", conf->count, ours);
	return STEP_NEEDED;
}

static int write_conf(const char *path, const struct text *content, struct fault *fault)
{
	int r = file_replace(path, FILE_KEEP_MODE, text_str(content), content->len);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   path)
		     : 0;
}

int settings_write(struct host *host, const struct pgconf *conf, struct fault *fault)
{
	const char *directory = host_directory(host);
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, directory);
	STRING_AUTO main = text_format("%s/postgresql.conf", directory);
	TEXT_AUTO before = { 0 };
	TEXT_AUTO wanted = { 0 };
	TEXT_AUTO present = { 0 };
	TEXT_AUTO including = { 0 };
	int r = read_conf(main, &present);

	if (r < 0 || (r = read_conf(ours, &before)) < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   main);
	pgconf_render(conf, role.name, &wanted);
	/* ours before the line that includes it: the server reads both at any moment */
	r = write_conf(ours, &wanted, fault);
	if (r == 0 && !pgconf_has_include(text_str(&present))) {
		pgconf_add_include(text_str(&present), &including);
		r = write_conf(main, &including, fault);
	}
	if (r < 0)
		return r;
	r = cluster_check_conf(directory, host->settings.bin_directory, host->cancel_fd,
			       fault);
	/* an adopted cluster gets back what it had: it has to start at its next boot */
	if (r < 0 && host_in_place(host)) {
		FAULT_AUTO second = { 0 };

		if (including.len)
			(void)write_conf(main, &present, &second);
		if (before.len)
			(void)write_conf(ours, &before, &second);
		else
			(void)unlink(ours);
	}
	return r;
}

/* --- in place --- */

enum step_state place_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct cluster_info info;

	if (host_inspect(host, &info, fault) < 0)
		return STEP_REFUSED;
	if (host_in_place(host)) {
		text_addf(detail, "%s", host->cluster.path);
		return STEP_DONE;
	}
	text_addf(detail, "sync %s and rename it to %s%s", host->cluster.staging,
		  host->cluster.path,
		  info.state == CLUSTER_ABSENT || info.state == CLUSTER_EMPTY
			  ? ""
			  : ", and what is there now to a name with the time");
	return STEP_NEEDED;
}

int place_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO aside = NULL;
	struct cluster_info info;
	int r = host_inspect(host, &info, fault);

	/* data_check has said that it may be */
	if (r == 0 && info.state != CLUSTER_ABSENT && info.state != CLUSTER_EMPTY) {
		r = cluster_move_aside(&host->cluster, &aside, fault);
		if (r == 0)
			log_warning("what was in \"%s\" is now in \"%s\"",
				    host->cluster.path, aside);
	}
	return r < 0 ? r : cluster_place(&host->cluster, fault);
}

/* --- labels --- */

static int look_at_labels(struct host *host, struct selinux_place *ret_place,
			  struct selinux_look *ret, struct fault *fault)
{
	*ret_place = (struct selinux_place){
		.data_directory = host->data_directory,
		.tablespaces = &host->settings.tablespaces,
		.cancel_fd = host->cancel_fd,
	};
	return selinux_look(ret_place, ret, fault);
}

enum step_state labels_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct selinux_place place;
	struct selinux_look look;

	if (!host->root_side) {
		text_add(detail, "left alone: that needs root");
		return STEP_DONE;
	}
	if (look_at_labels(host, &place, &look, fault) < 0)
		return STEP_REFUSED;
	if (!look.enabled) {
		text_add(detail, "SELinux is not enabled");
		return STEP_DONE;
	}
	if (look.needs_rule) {
		text_add(detail, "semanage fcontext -a -t " SELINUX_DATA_TYPE " '");
		selinux_add_pattern(detail, host->data_directory);
		text_addf(detail, "', and restorecon -R %s", host->data_directory);
	} else if (look.needs_labels) {
		text_addf(detail, "restorecon -R %s", host->data_directory);
	} else {
		text_addf(detail, "%s is labelled as the policy says",
			  host->data_directory);
		return STEP_DONE;
	}
	return STEP_NEEDED;
}

int labels_apply(struct host *host, struct fault *fault)
{
	struct selinux_place place;
	struct selinux_look look;
	int r = look_at_labels(host, &place, &look, fault);

	if (r == 0 && look.needs_rule)
		r = monitor_ask(host->verbs, VERB_LABEL_RULE, NULL, fault);
	return r < 0 ? r : selinux_restore(&place, fault);
}

/* --- firewall --- */

enum step_state firewall_check(struct host *host, struct text *detail,
			       struct fault *fault)
{
	struct verb_look look = { .active = false };

	if (!host->settings.open_firewall) {
		text_add(detail, "open_firewall is off");
		return STEP_DONE;
	}
	if (monitor_ask(host->verbs, VERB_FIREWALL_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (!look.firewall_runs) {
		text_add(detail, "firewalld does not run");
		return STEP_DONE;
	}
	text_addf(detail, "TCP port %ld %s %zu networks", host->settings.port,
		  look.firewall_missing ? "is to be opened for" : "is open for",
		  host->settings.standby_networks.count);
	return look.firewall_missing ? STEP_NEEDED : STEP_DONE;
}

int firewall_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_FIREWALL, NULL, fault);
}

/* --- server --- */

enum step_state server_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct postmaster postmaster;
	struct verb_look look = { .active = true };
	int lives = cluster_postmaster(&host->cluster, &postmaster);

	if (lives < 0)
		return step_refused(fault, lives, "read", "postmaster.pid");
	if (host->settings.server_control == SERVER_CONTROL_SYSTEMD &&
	    monitor_ask(host->verbs, VERB_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (lives && postmaster.ready && !look.active) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server (pid %d) runs, and not under %s",
			  (int)postmaster.pid, host->settings.service);
		fault_hint(fault,
			   "Stop it with \"pg_ctl stop\", then run setup again: it will "
			   "be started as a service.");
		return STEP_REFUSED;
	}
	if (lives && postmaster.ready) {
		text_addf(detail, "pid %d on port %ld", (int)postmaster.pid,
			  postmaster.port);
		return STEP_DONE;
	}
	if (host->settings.server_control == SERVER_CONTROL_SYSTEMD)
		text_addf(detail, "start %s", host->settings.service);
	else
		text_add(detail, "start it with pg_ctl");
	return STEP_NEEDED;
}

int server_apply(struct host *host, struct fault *fault)
{
	return host_start(host, false, fault);
}

/* --- settings in force --- */

/* The latest time at which one of the files was written. */
static double written_at(struct host *host)
{
	static const char *const files[] = { PGCONF_FILE, "postgresql.conf",
					     "pg_hba.conf", "postgresql.auto.conf" };
	double latest = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO path = text_format("%s/%s", host->cluster.path, files[i]);
		struct stat st;
		double written;

		if (stat(path, &st) < 0)
			continue;
		written = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
		if (written > latest)
			latest = written;
	}
	return latest;
}

/* When the server last read its files, as seconds since 1970. */
static int load_time(struct host *host, double *ret, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	RESULT_AUTO loaded = NULL;

	if (!db || db_query(db, "SELECT extract(epoch FROM pg_conf_load_time())", 0, NULL,
			    &loaded, fault) < 0)
		return -EIO;
	*ret = strtod(db_value(loaded, 0, 0), NULL);
	return 0;
}

int configuration_loaded(struct host *host, struct fault *fault)
{
	double loaded = 0, written = written_at(host);

	if (load_time(host, &loaded, fault) < 0)
		return -EIO;
	/* a clock that was put back leaves files of the future: a reload after us has them */
	return written <= loaded || (host->reloaded && written > (double)time(NULL));
}

int configuration_reload(struct host *host, struct fault *fault)
{
	long long deadline = clock_ms() + RELOAD_TIMEOUT_MS;
	double before = 0, now = 0;
	int r = load_time(host, &before, fault);

	if (r == 0)
		r = db_exec(&host->db, "SELECT pg_reload_conf()", fault);
	/* the postmaster reads the files when it gets to it */
	for (now = before; r == 0 && clock_ms() < deadline;) {
		r = load_time(host, &now, fault);
		if (r == 0 && now > before) {
			host->reloaded = true;
			return 0;
		}
		if (r == 0 && clock_sleep_ms(20, host->cancel_fd) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
	return r < 0 ? r
		     : fault_set(fault, FAULT_RETRY,
				 "the server did not reload its configuration");
}

/* Lines of our file that another file overrides, or that the server does not take. */
static enum step_state find_conflicts(struct db *db, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = db_query(
		db,
		"SELECT DISTINCT f.name, coalesce(f.error, ''), coalesce(w.sourcefile, ''),"
		" coalesce(w.sourceline, 0)"
		" FROM pg_file_settings f"
		" LEFT JOIN pg_file_settings w ON w.name = f.name AND w.applied"
		" JOIN pg_settings s ON lower(s.name) = lower(f.name)"
		" WHERE f.sourcefile LIKE '%/" PGCONF_FILE "' AND NOT f.applied"
		/* an error that a restart mends is told by pending_restart */
		" AND (f.error IS NULL OR s.context <> 'postmaster')",
		0, NULL, &result, fault);

	if (r < 0)
		return STEP_REFUSED;
	if (!PQntuples(result))
		return STEP_DONE;
	if (*db_value(result, 0, 1)) {
		fault_set(fault, FAULT_OPERATOR, "the server does not accept \"%s\": %s",
			  db_value(result, 0, 0), db_value(result, 0, 1));
		fault_hint(fault, "Correct it in the ini, then run setup again.");
		return STEP_REFUSED;
	}
	fault_set(fault, FAULT_OPERATOR, "\"%s\" is overridden by %s:%s",
		  db_value(result, 0, 0), db_value(result, 0, 2), db_value(result, 0, 3));
	fault_hint(fault,
		   "Run \"ALTER SYSTEM RESET %s\" as the superuser, or remove that line, "
		   "then run setup again.",
		   db_value(result, 0, 0));
	return STEP_REFUSED;
}

/* Does the server read our file at all, and does its command line let it have its say? */
static enum step_state find_readers(struct host *host, struct db *db, struct fault *fault)
{
	RESULT_AUTO rows = NULL;
	RESULT_AUTO overruled = NULL;

	if (db_query(
		    db,
		    "SELECT count(*), current_setting('config_file') FROM pg_file_settings"
		    " WHERE sourcefile LIKE '%/" PGCONF_FILE "'",
		    0, NULL, &rows, fault) < 0 ||
	    db_query(
		    db,
		    "SELECT DISTINCT s.name, s.source FROM pg_settings s JOIN pg_file_settings f"
		    " ON lower(f.name) = lower(s.name)"
		    " WHERE f.sourcefile LIKE '%/" PGCONF_FILE
		    "' AND s.setting <> f.setting"
		    " AND s.source IN ('command line', 'environment variable')",
		    0, NULL, &overruled, fault) < 0)
		return STEP_REFUSED;
	if (text_equal(db_value(rows, 0, 0), "0")) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server does not read \"%s/" PGCONF_FILE "\"",
			  host->cluster.path);
		fault_detail(fault, "Its configuration file is \"%s\".",
			     db_value(rows, 0, 1));
		fault_hint(fault,
			   "Append the line \"include '%s/" PGCONF_FILE
			   "'\" to that file, "
			   "then run setup again.",
			   host->cluster.path);
		return STEP_REFUSED;
	}
	if (PQntuples(overruled)) {
		fault_set(fault, FAULT_OPERATOR, "\"%s\" is overruled by the server's %s",
			  db_value(overruled, 0, 0), db_value(overruled, 0, 1));
		fault_hint(fault, "Take it out of there, or out of the ini.");
		return STEP_REFUSED;
	}
	return STEP_DONE;
}

/* The names of our parameters that wait for a restart, in *ret. */
static int find_pending(struct db *db, struct text *ret, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = db_query(
		db,
		"SELECT DISTINCT s.name FROM pg_settings s JOIN pg_file_settings f"
		" ON lower(f.name) = lower(s.name)"
		" WHERE s.pending_restart AND f.sourcefile LIKE '%/" PGCONF_FILE "'",
		0, NULL, &result, fault);

	for (int i = 0; r == 0 && i < PQntuples(result); i++)
		text_addf(ret, "%s%s", i ? ", " : "", db_value(result, i, 0));
	return r;
}

enum step_state in_force_check(struct host *host, struct text *detail,
			       struct fault *fault)
{
	int loaded = configuration_loaded(host, fault);
	TEXT_AUTO pending = { 0 };
	struct db *db;

	if (loaded < 0 && host->dry_run) {
		fault_clear(fault);
		text_add(detail, "look at them in the server, once it runs");
		return STEP_NEEDED;
	}
	if (loaded == 0)
		text_add(detail, "reload the configuration");
	if (loaded <= 0)
		return loaded < 0 ? STEP_REFUSED : STEP_NEEDED;
	db = host_db(host, fault);
	if (db && host->dry_run && find_readers(host, db, fault) == STEP_REFUSED) {
		fault_clear(fault);
		text_add(detail, "look at them in the server, once they are written");
		return STEP_NEEDED;
	}
	if (!db || find_readers(host, db, fault) == STEP_REFUSED ||
	    find_conflicts(db, fault) == STEP_REFUSED ||
	    find_pending(db, &pending, fault) < 0)
		return STEP_REFUSED;
	if (!pending.len) {
		text_add(detail, "the server has them all");
		return STEP_DONE;
	}
	if (host->settings.allow_restart) {
		text_addf(detail, "restart the server for %s", text_str(&pending));
		return STEP_NEEDED;
	}
	fault_set(fault, FAULT_OPERATOR, "the server has to be restarted for %s",
		  text_str(&pending));
	fault_hint(fault,
		   "Restart it when it suits, or set allow_restart = on in section "
		   "[common]; then run setup again.");
	return STEP_REFUSED;
}

int in_force_apply(struct host *host, struct fault *fault)
{
	TEXT_AUTO pending = { 0 };
	int r = configuration_reload(host, fault);
	struct db *db = r < 0 ? NULL : host_db(host, fault);

	if (!db)
		return -EIO;
	r = find_pending(db, &pending, fault);
	if (r == 0 && pending.len && host->settings.allow_restart)
		r = host_start(host, true, fault);
	return r;
}

/* --- enabled --- */

enum step_state enabled_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct verb_look look;

	if (host->settings.server_control != SERVER_CONTROL_SYSTEMD) {
		text_add(detail, "no service: the server was started by pg_ctl");
		return STEP_DONE;
	}
	if (monitor_ask(host->verbs, VERB_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (look.enabled) {
		text_addf(detail, "%s", host->settings.service);
		return STEP_DONE;
	}
	text_addf(detail, "enable %s", host->settings.service);
	return STEP_NEEDED;
}

int enabled_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_ENABLE, NULL, fault);
}
