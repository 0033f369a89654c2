#include "server.h"

#include "base/clock.h"
#include "base/complaint.h"
#include "base/network.h"
#include "monitor.h"
#include "previous.h"
#include "server_log.h"

#include <errno.h>

enum {
	READY_POLL_MS = 10,
	/* a server that starts has a postmaster.pid long before */
	NO_SERVER_MS = 5 * 1000,
};

/* --- programs (P3) --- */

enum step_state programs_check(struct host *host, struct text *detail, struct fault *fault)
{
	const char *directory = host->settings.bin_directory;

	if (programs_find(&host->programs, directory, fault) < 0)
		return STEP_REFUSED;
	return step_done(detail, "PostgreSQL %s in %s", host->programs.version, directory);
}

/* --- service --- */

enum step_state service_check(struct host *host, struct text *detail, struct fault *fault)
{
	const char *unit = host->settings.service;
	struct postmaster postmaster;
	struct verb_look look;

	if (host->settings.server_control != SERVER_CONTROL_SYSTEMD)
		return step_done(detail, "none: the server is started with pg_ctl");
	if (cluster_postmaster(&host->cluster, &postmaster) > 0)
		return step_done(detail, "%s", unit);
	if (monitor_ask(host->verbs, VERB_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (!look.running)
		return step_done(detail, "%s", unit);
	fault_set(fault, FAULT_OPERATOR, "%s is running, but not on \"%s\"", unit,
		  host->cluster.path);
	return step_refused(fault,
			    "If its data directory was changed while it was running, stop it with \"systemctl stop %s\", then run setup again.",
			    unit);
}

/* --- port --- */

enum step_state port_check(struct host *host, struct text *detail, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	const char *listens = pgconf_get(host->role->settings == SETTINGS_PRIMARY
						 ? &settings->primary_settings
						 : &settings->standby_settings,
					 "listen_addresses");

	/* a pooler may have the other addresses */
	if (listens && !text_equal(listens, "*"))
		return step_done(detail, "not looked at: the ini has listen_addresses");
	if (!network_listens(settings->port))
		return step_done(detail, "nothing listens on %ld yet", settings->port);
	fault_set(fault, FAULT_OPERATOR,
		  "another program listens on port %ld of this host", settings->port);
	return step_refused(fault,
			    "Nothing was changed. \"ss -ltnp sport = :%ld\", run as root, shows the program. If it is another PostgreSQL server, stop and disable it, or use its data_directory; else set another %s.",
			    settings->port,
			    host->role->settings == SETTINGS_PRIMARY
				    ? "primary_port in section [common]"
				    : "port in section [standby]");
}

/* --- starting it --- */

/* Waits until it accepts connections; start_timeout of the ini at most. */
static int wait_ready(struct host *host, struct fault *fault)
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
			return fault_set(fault, FAULT_OPERATOR,
					 "the server stopped while it was starting");
		}
		if (clock_sleep_ms(READY_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
	fault_set(fault, FAULT_RETRY, "the server does not accept connections after %ld s",
		  host->settings.start_timeout_ms / 1000);
	return fault_hint(fault,
			  "It is still starting: read its log, then run setup again, or allow more time with start_timeout.");
}

/* Why it did not, in its own words if it has left some. */
static void explain(const struct host *host, const struct server_log *log, struct fault *fault)
{
	STRING_AUTO path = NULL;
	TEXT_AUTO line = { 0 };
	bool own = host->settings.server_control == SERVER_CONTROL_PG_CTL;
	bool quoted = server_log_quote(host, log, &line, &path);

	/* what it said before its collector ran is in the journal: the root side quotes that */
	if (!quoted && !own)
		quoted = complaint_find(text_str(&fault->detail), complaint_fatal, &line);
	if (quoted) {
		fault_clear(fault);
		fault_set(fault, FAULT_OPERATOR, "the server did not start: %s",
			  text_str(&line));
	}
	if (own || !text_equal(path, log->own)) {
		text_reset(&fault->hint);
		fault_hint(fault, "Read \"%s\".", path);
	} else if (!fault->hint.len || quoted) {
		fault_hint(fault, "Read \"journalctl -u %s\".", host->settings.service);
	}
}

int server_start(struct host *host, bool restart, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	SERVER_LOG_AUTO log = { 0 };
	struct postmaster postmaster;
	int r;

	db_close(&host->db);
	server_log_mark(host, &log);
	if (settings->server_control == SERVER_CONTROL_SYSTEMD)
		r = monitor_ask(host->verbs, restart ? VERB_RESTART : VERB_START, NULL,
				fault);
	else
		r = cluster_start(&host->cluster, &host->programs, log.own, restart,
				  settings->start_timeout_ms, fault);
	if (r == 0)
		r = wait_ready(host, fault);
	if (r < 0 && fault->class == FAULT_OPERATOR &&
	    cluster_postmaster(&host->cluster, &postmaster) == 0)
		explain(host, &log, fault);
	return r;
}

int server_undo(struct host *host, struct fault *fault)
{
	FAULT_AUTO second = { 0 };
	STRING_AUTO rejected = previous_rejected_path(host);
	struct postmaster postmaster;

	/* one that still starts, or that we were told to leave, may yet come up */
	if (fault->class != FAULT_OPERATOR || !previous_exists(host) ||
	    cluster_postmaster(&host->cluster, &postmaster) != 0)
		return -EIO;
	if (previous_restore(host, &second) < 0 || server_start(host, false, &second) < 0) {
		fault_detail(fault,
			     "Nor did it start with the settings that it had before: %s",
			     text_str(&second.message));
		/* so it was not the new ones: the next setup may try them again */
		previous_accept(host);
		return -EIO;
	}
	fault_detail(fault,
		     "It runs again, with the settings that it had before. The new ones are in \"%s\".",
		     rejected);
	return fault_hint(fault, "Correct them in the ini, then run setup again.");
}

/* --- server (P5, S6) --- */

enum step_state server_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct postmaster postmaster;
	struct verb_look look = { .active = true };
	int lives = cluster_postmaster(&host->cluster, &postmaster);

	if (lives < 0) {
		fault_errno(fault, FAULT_OPERATOR, lives,
			    "could not read \"postmaster.pid\"");
		return STEP_REFUSED;
	}
	if (host->settings.server_control == SERVER_CONTROL_SYSTEMD &&
	    monitor_ask(host->verbs, VERB_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (lives && postmaster.ready && !look.active) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server (pid %d) is running, but not under %s",
			  (int)postmaster.pid, host->settings.service);
		return step_refused(fault,
				    "Stop it with \"pg_ctl stop\", then run setup again: it will be started as a service.");
	}
	if (lives && postmaster.ready)
		return step_done(detail, "pid %d on port %ld", (int)postmaster.pid,
				 postmaster.port);
	if (host->settings.server_control == SERVER_CONTROL_SYSTEMD)
		text_addf(detail, "start %s", host->settings.service);
	else
		text_add(detail, "start it with pg_ctl");
	return STEP_NEEDED;
}

int server_apply(struct host *host, struct fault *fault)
{
	int r = server_start(host, false, fault);

	if (r < 0)
		return server_undo(host, fault);
	previous_forget(host);
	return 0;
}

/* --- enabled (P5, S6) --- */

enum step_state enabled_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct verb_look look;

	if (host->settings.server_control != SERVER_CONTROL_SYSTEMD)
		return step_done(detail, "no service: the server was started with pg_ctl");
	if (monitor_ask(host->verbs, VERB_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (look.enabled)
		return step_done(detail, "%s", host->settings.service);
	return step_needed(detail, "enable %s", host->settings.service);
}

int enabled_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_ENABLE, NULL, fault);
}
