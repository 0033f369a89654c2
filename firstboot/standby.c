/*
 * standby.c - the procedure for a standby, as a table; rows S1 to S6 of the manual one.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "clone.h"
#include "configuration.h"
#include "data.h"
#include "in_force.h"
#include "server.h"
#include "upstream.h"
#include "verify.h"

#include <errno.h>
#include <string.h>

enum {
	CONF_MAX = 1024 * 1024,
	STREAM_POLL_MS = 20,
	STREAM_COMPLAIN_MS = 30 * 1000,
	ASK_AGAIN_MS = 10 * 1000,
};

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

/*
 * postgresql.auto.conf of the clone, and the same without what would win over our
 * settings.
 */
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
	text_add(
		detail,
		"standby.signal; nothing of the primary's in postgresql.auto.conf that wins over it");
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

	if (r < 0 || (r = clone_write_signal(host, fault)) < 0)
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
 * Before hours of cloning: a name or value that the server does not take is found by it
 * in milliseconds, in a directory that has the configuration and nothing else.
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

/*
 * Why it does not stream yet: a primary that is gone is waited for, a wrong password is
 * told.
 */
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
				"Read the logs of both servers; the walreceiver says there what keeps it.");
			complain_at = clock_ms() + 20LL * STREAM_COMPLAIN_MS;
		}
		if (clock_ms() >= ask_at) {
			int r = why_not(host, &patience, fault);

			if (r < 0)
				return r;
			ask_at = clock_ms() + ASK_AGAIN_MS;
		}
		if (clock_sleep_ms(STREAM_POLL_MS) < 0)
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
	{ "tablespaces", true, tablespaces_check, tablespaces_apply },
	{ "label rules", false, label_rules_check, label_rules_apply },
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
	r = verify_log_in(host, &login, &upstream, fault);
	if (r == 0)
		r = verify_caught_up(host, &login, &upstream, timeout_ms, fault);
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
