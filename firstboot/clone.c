#include "clone.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "postgresql/basebackup.h"
#include "postgresql/clone_mark.h"
#include "postgresql/passfile.h"
#include "postgresql/stale.h"
#include "patience.h"
#include "upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S "60"

/* --- password file --- */

enum step_state passfile_check(struct host *host, struct text *detail, struct fault *fault)
{
	STRING_AUTO path = host_passfile(host);
	SECRET_AUTO wanted = { { 0 } };
	SECRET_AUTO present = { { 0 } };
	struct stat st;
	bool same;

	(void)fault;
	passfile_render(&wanted, host->settings.replication_user,
			&host->settings.replication_password);
	same = file_read(path, 2048, secret_text(&present)) == 0 &&
	       secret_equal(&present, &wanted) && stat(path, &st) == 0 &&
	       (st.st_mode & 07777) == 0600;
	text_addf(detail, "%s%s", same ? "" : "write ", path);
	return same ? STEP_DONE : STEP_NEEDED;
}

int passfile_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO path = host_passfile(host);
	SECRET_AUTO line = { { 0 } };

	passfile_render(&line, host->settings.replication_user,
			&host->settings.replication_password);
	return file_put(path, 0600, secret_reveal(&line), secret_len(&line), fault);
}

/* --- base backup (S2) --- */

/*
 * The mark is the last file of a clone to be written. Left-overs of an interrupted
 * run were cleared by an earlier step, and a clone that fails is cleared by apply.
 */
enum step_state clone_check(struct host *host, struct text *detail, struct fault *fault)
{
	bool whole = host->cluster.keep || (host_has_staged(host, "PG_VERSION") &&
					    host_has_staged(host, CLUSTER_MARK));

	(void)fault;
	text_addf(detail, whole ? "of %s, in %s" : "clone %s into %s", host->primary,
		  host->cluster.staging);
	return whole ? STEP_DONE : STEP_NEEDED;
}

struct progress {
	const struct host *host;
	long percent;
	long logged_percent;
	long long logged_at;
	struct text complaint; /* the first error, else the last other line */
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
	return strstr(line, "error: ") || strstr(line, "FATAL: ") || strstr(line, "ERROR: ");
}

/* Whatever follows the first error is a consequence of it. */
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
	const char *primary = progress->host->primary;
	long percent;

	if (!parse_percent(line, &percent)) {
		complain(&progress->complaint, line);
		return;
	}
	if (percent == progress->percent)
		return;
	progress->percent = percent;
	log_status("cloning from %s: %ld%%", primary, percent);
	/* this goes to consoles as well: not so often that a small clone fills them */
	if (percent >= progress->logged_percent + 10 &&
	    clock_ms() >= progress->logged_at + 2000) {
		progress->logged_percent = percent;
		progress->logged_at = clock_ms();
		log_info("cloning from %s: %ld%%", primary, percent);
	}
}

/* The argument vector of pg_basebackup. The caller frees it, and none of its strings. */
static const char **make_arguments(const struct host *host, const char *target,
				   const char *connect)
{
	const struct tablespace_map *map = &host->settings.tablespaces;
	const char *const always[] = {
		host->programs.pg_basebackup,
		target,
		connect,
		"--wal-method=stream",
		/* else it waits minutes for the spread checkpoint of a busy primary */
		"--checkpoint=fast",
		"--progress",
		/* everything is synced at once, together with the configuration */
		"--no-sync",
		/* without a terminal it would prompt for ever */
		"--no-password",
	};
	size_t count = sizeof(always) / sizeof(always[0]);
	const char **ret = mem_zalloc((count + map->count + 1) * sizeof(*ret));

	memcpy(ret, always, sizeof(always));
	for (size_t i = 0; i < map->count; i++)
		ret[count + i] = map->pairs[i].option;
	return ret;
}

static int run_pg_basebackup(struct host *host, struct progress *progress)
{
	STRING_AUTO target = text_format(CLUSTER_STAGING_OPTION "%s", host->cluster.staging);
	STRING_AUTO passfile = host_passfile(host);
	STRING_AUTO connect = NULL;
	TEXT_AUTO conninfo = { 0 };
	struct replication_login login;
	struct spawn spawn = {
		/* if it outlives us, nobody must clear staging while it writes there */
		.keep_fd = host->lock,
		.on_err_line = on_progress,
		.arg = progress,
	};
	int status;

	host_login(host, &login);
	replication_conninfo(&conninfo, &login, passfile, REPLICATION_CLONE_NAME);
	/* as for our own logins; without it, a server that hangs is waited for for ever */
	db_add_conninfo(&conninfo, "connect_timeout", CONNECT_TIMEOUT_S);
	connect = text_format("--dbname=%s", text_str(&conninfo));
	spawn.argv = make_arguments(host, target, connect);
	status = spawn_run(&spawn);
	free((void *)spawn.argv);
	return status;
}

static int clone_once(struct host *host, struct fault *fault)
{
	struct progress progress = { .host = host, .percent = -1, .logged_at = clock_ms() };
	int status;

	log_status("cloning from %s: waiting for its checkpoint", host->primary);
	status = run_pg_basebackup(host, &progress);
	if (status == -ECANCELED)
		fault_set(fault, FAULT_RETRY, "the clone was interrupted");
	else if (status < 0)
		spawn_fault(host->programs.pg_basebackup, status, NULL, fault);
	else if (status > 0)
		basebackup_fault(text_str(&progress.complaint), host->primary, fault);
	text_free(&progress.complaint);
	return status ? -EIO : 0;
}

/* pg_basebackup reports text only; the SQLSTATE of a login tells whether it may pass. */
static void ask_upstream(struct host *host, struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };

	if (fault->class != FAULT_RETRY || upstream_reach(host, &refusal) == 0 ||
	    refusal.class != FAULT_OPERATOR)
		return;
	fault_clear(fault);
	fault_move(fault, &refusal);
}

int clone_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO signal = text_format("%s/standby.signal", host->cluster.staging);
	struct patience patience;
	int r = 0;

	patience_start(&patience, host, "cloning again from", "could not clone");
	while (r == 0 && clone_once(host, fault) < 0) {
		FAULT_AUTO second = { 0 };

		(void)cluster_clear_staging(&host->cluster, &second);
		ask_upstream(host, fault);
		r = patience_wait(&patience, fault);
	}
	if (r == 0)
		r = stale_remove(host->cluster.staging, fault);
	/* from here on nothing can start it as a primary */
	if (r == 0)
		r = file_put(signal, 0600, "", 0, fault);
	if (r == 0) {
		log_status("writing the clone of %s to disk", host->primary);
		r = clone_mark_write(&host->cluster, fault);
	}
	return r;
}
