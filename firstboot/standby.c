/*
 * standby.c - the procedure for a standby, as a table; rows S1 to S6 of the manual one.
 */
#include "clock.h"
#include "file.h"
#include "host.h"
#include "log.h"
#include "passfile.h"
#include "report.h"
#include "spawn.h"
#include "steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONF_MAX = 1024 * 1024,
	STREAM_POLL_MS = 20,
	STREAM_COMPLAIN_MS = 30 * 1000,
	ASK_AGAIN_MS = 10 * 1000,
};

/* --- waiting, told in the unit's status --- */

struct patience {
	long long started;
	long long deadline; /* -1: for ever */
	int tries;
};

static void patience_start(struct patience *patience, const struct host *host)
{
	patience->started = clock_ms();
	patience->deadline = host->settings.wait_timeout_ms
				     ? patience->started + host->settings.wait_timeout_ms
				     : -1;
	patience->tries = 0;
}

/*
 * Waits before the next try, unless the fault is the operator's or the time is up: then it stays
 * set and -EIO is returned. Clears it otherwise.
 */
static int patience_wait(struct patience *patience, struct host *host, const char *what,
			 struct fault *fault)
{
	const struct settings *settings = &host->settings;
	long long waited = clock_ms() - patience->started;

	if (fault->class != FAULT_RETRY)
		return -EIO;
	patience->tries++;
	log_status("%s %s:%ld: %s (try %d, %.1f s)", what, settings->primary_host,
		   settings->primary_port, text_str(&fault->message), patience->tries,
		   (double)waited / 1000);
	if (patience->tries == 1) {
		log_info("%s %s:%ld: %s", what, settings->primary_host,
			 settings->primary_port, text_str(&fault->message));
		log_line(LOG_LEVEL_INFO, "hint", text_str(&fault->hint));
	}
	if (patience->deadline >= 0 && clock_ms() >= patience->deadline) {
		text_addf(&fault->message, " (gave up after %.0f s, %d tries)",
			  (double)waited / 1000, patience->tries);
		fault_hint(fault,
			   "Run setup again, or give it more time by wait_timeout in "
			   "section [standby].");
		return -ETIMEDOUT;
	}
	if (clock_sleep_ms(clock_backoff_ms(waited), host->cancel_fd) < 0) {
		text_addf(&fault->message, " (stopped after %.0f s, %d tries)",
			  (double)waited / 1000, patience->tries);
		return -ECANCELED;
	}
	fault_clear(fault);
	return 0;
}

/* --- primary: it can be reached, and is one that we can follow --- */

static int check_upstream(struct host *host, const struct replication_upstream *upstream,
			  struct fault *fault)
{
	const struct settings *settings = &host->settings;
	long major = upstream->version_num / 10000;
	char here[24];

	if (major != host->major_number) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server on %s:%ld is PostgreSQL %ld, and this host has %ld",
			  settings->primary_host, settings->primary_port, major,
			  host->major_number);
		fault_hint(fault,
			   "Install the packages of PostgreSQL %ld here: WAL cannot be "
			   "replayed by another major.",
			   major);
		return -EINVAL;
	}
	/* before a standby that works is pointed at a server whose clone it is not */
	if (host_in_place(host) && cluster_system_id(&host->cluster, here) == 0 &&
	    !text_equal(here, upstream->system_id)) {
		fault_set(
			fault, FAULT_OPERATOR,
			"this host's cluster (system %s) is no clone of the one on %s:%ld (%s)",
			here, settings->primary_host, settings->primary_port,
			upstream->system_id);
		fault_hint(fault,
			   "Check primary_host; or stop the server, and move its data "
			   "away by hand to have it cloned anew.");
		return -EINVAL;
	}
	return 0;
}

static int reach_upstream(struct host *host, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	struct replication_upstream upstream;
	struct replication_login login;
	int r;

	/* with nothing in place nobody listens on that port, and waiting for oneself takes for ever */
	if (settings->primary_port == settings->port &&
	    network_is_local(settings->primary_host)) {
		fault_set(fault, FAULT_OPERATOR,
			  "primary_host \"%s\" is this host itself",
			  settings->primary_host);
		fault_hint(fault,
			   "Set primary_host in section [common] to the address of the "
			   "primary.");
		return -EINVAL;
	}
	host_login(host, &login);
	login.parameters = true;
	r = replication_identify(&login, &upstream, fault);
	if (r < 0)
		host_login_hint(fault);
	if (r == 0)
		r = check_upstream(host, &upstream, fault);
	if (r == 0) {
		text_reset(&host->upstream_tablespaces);
		r = replication_tablespaces(&login, &host->upstream_tablespaces, fault);
		host->tablespaces_known = r == 0;
		if (r == -EACCES)
			r = 0;
	}
	if (r == 0) {
		host->upstream = upstream;
		host->upstream_known = true;
	}
	return r;
}

static enum step_state primary_check(struct host *host, struct text *detail,
				     struct fault *fault)
{
	const struct settings *settings = &host->settings;

	if (host->upstream_known || reach_upstream(host, fault) == 0) {
		text_addf(detail, "%s:%ld, system %s", settings->primary_host,
			  settings->primary_port, host->upstream.system_id);
		return STEP_DONE;
	}
	if (fault->class != FAULT_RETRY)
		return STEP_REFUSED;
	text_addf(detail, "wait for %s:%ld: %s", settings->primary_host,
		  settings->primary_port, text_str(&fault->message));
	fault_clear(fault);
	return STEP_NEEDED;
}

static int primary_apply(struct host *host, struct fault *fault)
{
	struct patience patience;

	patience_start(&patience, host);
	while (reach_upstream(host, fault) < 0) {
		int r = patience_wait(&patience, host, "waiting for the primary", fault);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- tablespaces: mapped, or refused before a byte is copied --- */

static enum step_state check_tablespace(struct host *host, const char *from,
					struct fault *fault)
{
	const struct tablespace_pair *pair =
		tablespace_map_find(&host->settings.tablespaces, from);

	if (pair)
		return tablespace_check_room(pair, fault) < 0 ? STEP_REFUSED : STEP_DONE;
	fault_set(
		fault, FAULT_OPERATOR,
		"the primary has a tablespace in \"%s\", and the ini does not say where it "
		"goes on this host",
		from);
	fault_hint(fault,
		   "Add \"%s=%s\", or another directory behind the \"=\", to "
		   "tablespace_mapping in section [standby].",
		   from, from);
	return STEP_REFUSED;
}

static enum step_state tablespaces_check(struct host *host, struct text *detail,
					 struct fault *fault)
{
	STRING_AUTO list = text_copy(text_str(&host->upstream_tablespaces));
	char *rest = list, *from;
	size_t count = 0;

	/* that may be in the room */
	if (host->dry_run && (cluster_has_leftover(&host->cluster) ||
			      cluster_is_unfinished(&host->cluster))) {
		text_add(detail,
			 "to be looked at when the interrupted run is cleared up");
		return STEP_DONE;
	}
	while ((from = strtok_r(rest, "\n", &rest))) {
		if (check_tablespace(host, from, fault) != STEP_DONE)
			return STEP_REFUSED;
		count++;
	}
	if (!host->upstream_known)
		text_add(detail, "to be asked for when the primary answers");
	else if (!host->tablespaces_known)
		text_add(detail,
			 "not known: no access rule lets the role into a database");
	else
		text_addf(detail, "the primary has %zu", count);
	return STEP_DONE;
}

/* --- password file --- */

static enum step_state passfile_check(struct host *host, struct text *detail,
				      struct fault *fault)
{
	STRING_AUTO path = host_passfile(host);
	TEXT_AUTO wanted = { 0 };
	TEXT_AUTO present = { 0 };
	struct stat st;
	bool same;

	(void)fault;
	passfile_render(&wanted, host->settings.replication_user,
			&host->settings.replication_password);
	present.cap = 4096;
	present.s = mem_zalloc(present.cap);
	same = file_read(path, 2048, &present) == 0 &&
	       text_equal(text_str(&present), text_str(&wanted)) &&
	       stat(path, &st) == 0 && (st.st_mode & 07777) == 0600;
	secret_wipe(wanted.s, wanted.cap);
	secret_wipe(present.s, present.cap);
	text_addf(detail, "%s%s", same ? "" : "write ", path);
	return same ? STEP_DONE : STEP_NEEDED;
}

static int passfile_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO path = host_passfile(host);
	TEXT_AUTO line = { 0 };
	int r;

	passfile_render(&line, host->settings.replication_user,
			&host->settings.replication_password);
	r = file_replace(path, 0600, text_str(&line), line.len);
	secret_wipe(line.s, line.cap);
	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   path)
		     : 0;
}

/* --- base backup (S2) --- */

static enum step_state clone_check(struct host *host, struct text *detail,
				   struct fault *fault)
{
	(void)fault;
	if (host->cloned) {
		text_addf(detail, "of %s:%ld, in %s", host->settings.primary_host,
			  host->settings.primary_port, host->cluster.staging);
		return STEP_DONE;
	}
	text_addf(detail, "clone %s:%ld into %s", host->settings.primary_host,
		  host->settings.primary_port, host->cluster.staging);
	return STEP_NEEDED;
}

struct progress {
	const struct host *host;
	long percent;
	long logged_percent;
	long long logged_at;
	struct text complaint; /* the first error, or the last line that is no progress */
};

/* " 23456/45678 kB (51%), 0/1 tablespace" */
static bool parse_percent(const char *line, long *ret)
{
	const char *open = strstr(line, "kB (");
	char digits[8] = "";
	size_t len;

	if (!open)
		return false;
	open += strlen("kB (");
	len = strspn(open, "0123456789");
	if (!len || len >= sizeof(digits) || open[len] != '%')
		return false;
	memcpy(digits, open, len);
	return text_to_long(digits, 0, 1000, ret) == 0;
}

static bool is_error(const char *line)
{
	return strstr(line, "error: ") || strstr(line, "FATAL: ") ||
	       strstr(line, "ERROR: ");
}

/* What follows the first error is its consequence, or how the directory is cleared. */
static void complain(struct text *complaint, const char *line)
{
	if (is_error(text_str(complaint)))
		return;
	text_reset(complaint);
	text_add(complaint, line);
}

static void on_progress(void *arg, const char *line)
{
	struct progress *progress = arg;
	const struct settings *settings = &progress->host->settings;
	long percent;

	if (!parse_percent(line, &percent)) {
		complain(&progress->complaint, line);
		return;
	}
	if (percent == progress->percent)
		return;
	progress->percent = percent;
	log_status("cloning from %s:%ld: %ld%%", settings->primary_host,
		   settings->primary_port, percent);
	/* on a console too, and not so often that a small clone fills it */
	if (percent >= progress->logged_percent + 10 &&
	    clock_ms() >= progress->logged_at + 2000) {
		progress->logged_percent = percent;
		progress->logged_at = clock_ms();
		log_info("cloning from %s:%ld: %ld%%", settings->primary_host,
			 settings->primary_port, percent);
	}
}

/*
 * pg_basebackup tells what stopped it in words only (its own in English, by LC_ALL=C). What this
 * host has to be mended for is told by those; all else may be the primary's or the network's, and passes.
 */
static enum fault_class clone_class(const char *complaint)
{
	static const char *const ours[] = {
		"No space left on device",
		"Permission denied",
		"Read-only file system",
		"Disk quota exceeded",
		"not empty",
		"File exists",
		"unrecognized option",
		"invalid option",
		"incompatible server version",
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strstr(complaint, ours[i]))
			return FAULT_OPERATOR;
	return FAULT_RETRY;
}

/* pg_basebackup's argument vector: what it always gets, and the tablespaces' options. */
struct clone_command {
	char *program, *target, *connect;
	struct text *mappings;
	size_t mappings_count;
	const char **argv;
};

static void clone_command_free(struct clone_command *command)
{
	text_drop(&command->program);
	text_drop(&command->target);
	text_drop(&command->connect);
	for (size_t i = 0; i < command->mappings_count; i++)
		text_free(&command->mappings[i]);
	free(command->mappings);
	free(command->argv);
}

static void clone_command_make(const struct host *host, struct clone_command *ret)
{
	static const char *const always[] = {
		"--wal-method=stream",
		/* without it a busy primary's spread checkpoint is waited for, for minutes */
		"--checkpoint=fast",
		"--progress",
		/* synced once, when the configuration is in it too */
		"--no-sync",
		/* never asks: without a terminal it would ask for ever */
		"--no-password",
	};
	const struct tablespace_map *map = &host->settings.tablespaces;
	STRING_AUTO passfile = host_passfile(host);
	TEXT_AUTO conninfo = { 0 };
	size_t count = 0, most = 3 + sizeof(always) / sizeof(always[0]) + map->count + 1;

	replication_conninfo(&conninfo, &host->settings, passfile,
			     REPLICATION_CLONE_NAME);
	ret->program = text_format("%s/pg_basebackup", host->settings.bin_directory);
	ret->target = text_format(CLUSTER_STAGING_OPTION "%s", host->cluster.staging);
	ret->connect = text_format("--dbname=%s", text_str(&conninfo));
	ret->mappings_count = map->count;
	ret->mappings = mem_zalloc(map->count * sizeof(*ret->mappings));
	ret->argv = mem_zalloc(most * sizeof(*ret->argv));
	ret->argv[count++] = ret->program;
	ret->argv[count++] = ret->target;
	ret->argv[count++] = ret->connect;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		ret->argv[count++] = always[i];
	for (size_t i = 0; i < map->count; i++) {
		tablespace_add_option(&ret->mappings[i], &map->pairs[i]);
		ret->argv[count++] = text_str(&ret->mappings[i]);
	}
}

static int clone_once(struct host *host, struct fault *fault)
{
	struct progress progress = { .host = host,
				     .percent = -1,
				     .logged_at = clock_ms() };
	struct clone_command command;
	struct spawn spawn = {
		.cancel_fd = host->cancel_fd,
		/* if it outlives us, nobody clears staging under it */
		.keep_fd = host->lock,
		.on_err_line = on_progress,
		.arg = &progress,
	};
	int status;

	clone_command_make(host, &command);
	spawn.argv = command.argv;
	log_status("cloning from %s:%ld: waiting for its checkpoint",
		   host->settings.primary_host, host->settings.primary_port);
	status = spawn_run(&spawn);
	if (status == -ECANCELED)
		fault_set(fault, FAULT_RETRY, "the clone was stopped");
	else if (status < 0)
		fault_errno(fault, FAULT_OPERATOR, status, "could not run \"%s\"",
			    command.program);
	else if (status > 0)
		fault_set(fault, clone_class(text_str(&progress.complaint)), "%s",
			  progress.complaint.len
				  ? text_str(&progress.complaint)
				  : "pg_basebackup failed and did not say why");
	text_free(&progress.complaint);
	clone_command_free(&command);
	return status ? -EIO : 0;
}

static int write_signal(const struct host *host, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/standby.signal", host->cluster.staging);
	int r = file_replace(path, 0600, "", 0);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   path)
		     : 0;
}

/* pg_basebackup has words only: whether it may pass the primary says by SQLSTATE. */
static void ask_upstream(struct host *host, struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };

	if (fault->class != FAULT_RETRY || reach_upstream(host, &refusal) == 0 ||
	    refusal.class != FAULT_OPERATOR)
		return;
	fault_clear(fault);
	fault_set(fault, FAULT_OPERATOR, "%s", text_str(&refusal.message));
	fault_hint(fault, "%s", text_str(&refusal.hint));
}

static int clone_apply(struct host *host, struct fault *fault)
{
	struct patience patience;
	int r;

	patience_start(&patience, host);
	while (clone_once(host, fault) < 0) {
		FAULT_AUTO second = { 0 };

		(void)cluster_clear_staging(&host->cluster, &second);
		ask_upstream(host, fault);
		r = patience_wait(&patience, host, "cloning again from", fault);
		if (r < 0)
			return r;
	}
	/* at once: from here on nothing could start it as a primary */
	r = write_signal(host, fault);
	host->cloned = r == 0;
	return r;
}

/* --- recovery (S3): what a clone brings along must not lead it astray --- */

static const char *const recovery_parameters[] = {
	"recovery_target_action",
	"recovery_target_inclusive",
};

static void standby_parameters(struct host *host, struct pgconf *ret)
{
	STRING_AUTO passfile = host_passfile(host);
	TEXT_AUTO conninfo = { 0 };

	replication_conninfo(&conninfo, &host->settings, passfile,
			     host->application_name);
	parameters_of_standby(ret, &host->settings, host->major, text_str(&conninfo),
			      host->upstream.parameters);
}

/* postgresql.auto.conf of the clone, and the same without what would win over our settings. */
static int strip_auto_conf(struct host *host, const char *path, struct text *ret_old,
			   struct text *ret_new, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r = file_read(path, CONF_MAX, ret_old);

	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   path);
	standby_parameters(host, &conf);
	pgconf_strip(text_str(ret_old), &conf, recovery_parameters,
		     sizeof(recovery_parameters) / sizeof(recovery_parameters[0]),
		     ret_new);
	pgconf_free(&conf);
	return 0;
}

static enum step_state recovery_check(struct host *host, struct text *detail,
				      struct fault *fault)
{
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host->cluster.staging);
	STRING_AUTO signal = text_format("%s/standby.signal", host->cluster.staging);
	STRING_AUTO rules = text_format("%s/pg_hba.conf", host->cluster.staging);
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };

	if (strip_auto_conf(host, conf, &old, &stripped, fault) < 0)
		return STEP_REFUSED;
	if (file_exists(signal) && file_exists(rules) &&
	    text_equal(text_str(&old), text_str(&stripped))) {
		text_add(detail, "standby.signal");
		return STEP_DONE;
	}
	text_add(detail,
		 "standby.signal; nothing of the primary's in postgresql.auto.conf that "
		 "wins over it");
	return STEP_NEEDED;
}

static int recovery_apply(struct host *host, struct fault *fault)
{
	/* a primary whose configuration is kept elsewhere sends none along */
	static const char least_rules[] = "local all all peer\n";
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host->cluster.staging);
	STRING_AUTO rules = text_format("%s/pg_hba.conf", host->cluster.staging);
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };
	int r = strip_auto_conf(host, conf, &old, &stripped, fault);

	if (r < 0 || (r = write_signal(host, fault)) < 0)
		return r;
	r = file_replace(conf, 0600, text_str(&stripped), stripped.len);
	if (r >= 0 && !file_exists(rules))
		r = file_replace(rules, 0600, least_rules, strlen(least_rules));
	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   conf)
		     : 0;
}

/* --- settings (S4) --- */

static enum step_state standby_settings_check(struct host *host, struct text *detail,
					      struct fault *fault)
{
	struct pgconf conf = { 0 };
	enum step_state state;

	/* in a dry run the primary need not answer, and its values are part of ours */
	if (!host->upstream_known) {
		text_add(detail, "to be compared when the primary answers");
		return host_in_place(host) ? STEP_DONE : STEP_NEEDED;
	}
	standby_parameters(host, &conf);
	state = settings_look(host, &conf, detail, fault);
	pgconf_free(&conf);
	return state;
}

static int standby_settings_write(struct host *host, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r;

	standby_parameters(host, &conf);
	r = settings_write(host, &conf, fault);
	pgconf_free(&conf);
	return r;
}

/*
 * Before hours of cloning: a name or value that the server does not take is found by it in
 * milliseconds, in a directory that has the configuration and nothing else.
 */
static enum step_state tried_check(struct host *host, struct text *detail,
				   struct fault *fault)
{
	(void)fault;
	text_add(detail, host->settings_tried ? "the server takes them"
					      : "try them on the server's program");
	return host->settings_tried ? STEP_DONE : STEP_NEEDED;
}

static int tried_apply(struct host *host, struct fault *fault)
{
	FAULT_AUTO second = { 0 };
	int r = cluster_clear_staging(&host->cluster, fault);

	if (r < 0)
		return r;
	if (mkdir(host->cluster.staging, 0700) < 0)
		return fault_errno(fault, FAULT_OPERATOR, -errno,
				   "could not create \"%s\"", host->cluster.staging);
	r = standby_settings_write(host, fault);
	host->settings_tried = r == 0;
	(void)cluster_clear_staging(&host->cluster, &second);
	return r;
}

/* --- streaming: what both servers say, not what a program returned --- */

static enum step_state streaming_check(struct host *host, struct text *detail,
				       struct fault *fault)
{
	const struct settings *settings = &host->settings;
	struct db *db = host_db(host, fault);
	struct replication_state state;
	struct replication_login login;

	if (!db && host->dry_run) {
		fault_clear(fault);
		text_add(detail, "wait until it streams");
		return STEP_NEEDED;
	}
	if (!db || replication_look(db, &state, fault) < 0)
		return STEP_REFUSED;
	if (!state.in_recovery) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server is no standby: it was promoted");
		fault_hint(fault,
			   "Leave it alone, or move its data aside to clone it anew.");
		return STEP_REFUSED;
	}
	host_login(host, &login);
	if (!state.streaming) {
		text_addf(detail, "the walreceiver is %s",
			  *state.status ? state.status : "not running");
		return STEP_NEEDED;
	}
	if (replication_sender_seen(&login, host->application_name) == 0) {
		text_addf(detail, "no walsender of %s:%ld serves \"%s\" yet",
			  settings->primary_host, settings->primary_port,
			  host->application_name);
		return STEP_NEEDED;
	}
	text_addf(detail, "from %s:%ld, walreceiver pid %ld", settings->primary_host,
		  settings->primary_port, state.walreceiver_pid);
	return STEP_DONE;
}

/* Why it does not stream yet: a primary that is gone is waited for, a wrong password is told. */
static int why_not(struct host *host, struct patience *patience, struct fault *fault)
{
	if (reach_upstream(host, fault) == 0)
		return 0;
	return patience_wait(patience, host, "waiting to stream from", fault);
}

static int streaming_apply(struct host *host, struct fault *fault)
{
	long long complain_at = clock_ms() + STREAM_COMPLAIN_MS,
		  ask_at = clock_ms() + 2000;
	struct patience patience;

	patience_start(&patience, host);
	for (;;) {
		TEXT_AUTO detail = { 0 };
		enum step_state state = streaming_check(host, &detail, fault);

		if (state != STEP_NEEDED)
			return state == STEP_DONE ? 0 : -EIO;
		log_status("waiting to stream: %s", text_str(&detail));
		if (patience.deadline >= 0 && clock_ms() >= patience.deadline) {
			fault_set(fault, FAULT_RETRY, "the standby does not stream: %s",
				  text_str(&detail));
			fault_hint(fault, "Read the logs of both servers.");
			return -ETIMEDOUT;
		}
		if (clock_ms() >= complain_at) {
			log_warning("the standby does not stream yet: %s",
				    text_str(&detail));
			log_hint(
				"Read the logs of both servers; the walreceiver says there what "
				"keeps it.");
			complain_at = clock_ms() + 20LL * STREAM_COMPLAIN_MS;
		}
		if (clock_ms() >= ask_at) {
			int r = why_not(host, &patience, fault);

			if (r < 0)
				return r;
			ask_at = clock_ms() + ASK_AGAIN_MS;
		}
		if (clock_sleep_ms(STREAM_POLL_MS, host->cancel_fd) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
}

static const struct step standby_steps[] = {
	{ "programs", false, programs_check, NULL },
	{ "data directory", false, data_look, NULL },
	/* a name or value that the server does not take is no matter of the primary */
	{ "settings tried", true, tried_check, tried_apply },
	/* before anything on this host is touched */
	{ "primary", false, primary_check, primary_apply },
	{ "ownership", false, ownership_check, ownership_apply },
	/* whatever is in place: it may have to be moved aside */
	{ "room for a clone", false, data_check, data_apply },
	{ "tablespaces", true, tablespaces_check, NULL },
	{ "password file", false, passfile_check, passfile_apply },
	{ "base backup", true, clone_check, clone_apply },
	{ "recovery", true, recovery_check, recovery_apply },
	{ "certificate", false, certificate_check, certificate_apply },
	{ "settings", false, standby_settings_check, standby_settings_write },
	{ "in place", true, place_check, place_apply },
	{ "labels", false, labels_check, labels_apply },
	{ "firewall", false, firewall_check, firewall_apply },
	{ "server", false, server_check, server_apply },
	{ "settings in force", false, in_force_check, in_force_apply },
	{ "streaming", false, streaming_check, streaming_apply },
	{ "enabled", false, enabled_check, enabled_apply },
};

static int verify(struct host *host, long timeout_ms, struct fault *fault)
{
	struct replication_login login;
	struct replication_upstream upstream;
	int r;

	host_login(host, &login);
	r = report_log_in(host, &login, &upstream, fault);
	if (r == 0)
		r = report_caught_up(host, &login, &upstream, timeout_ms, fault);
	return r;
}

const struct role role = {
	.name = "standby",
	.program = "pgrepl-standby",
	.settings = SETTINGS_STANDBY,
	.steps = standby_steps,
	.steps_count = sizeof(standby_steps) / sizeof(standby_steps[0]),
	.verify = verify,
};
