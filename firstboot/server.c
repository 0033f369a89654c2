#include "server.h"

#include "base/clock.h"
#include "monitor.h"

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
			fault_set(fault, FAULT_OPERATOR,
				  "the server stopped while it was starting");
			return fault_hint(fault, "Read its log.");
		}
		if (clock_sleep_ms(READY_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
	fault_set(fault, FAULT_RETRY, "the server does not accept connections after %ld s",
		  host->settings.start_timeout_ms / 1000);
	return fault_hint(fault,
			  "It is still starting: read its log, then run setup again, or allow more time with start_timeout.");
}

/* Beside PGDATA if files can be created there, like the password file. */
char *server_log(const struct host *host)
{
	return host->cluster.inside ? text_format("%s/server.log", host->cluster.path)
				    : text_format("%s.log", host->cluster.path);
}

int server_start(struct host *host, bool restart, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	STRING_AUTO log = server_log(host);
	int r;

	db_close(&host->db);
	if (settings->server_control == SERVER_CONTROL_SYSTEMD)
		r = monitor_ask(host->verbs, restart ? VERB_RESTART : VERB_START, NULL,
				fault);
	else
		r = cluster_start(&host->cluster, &host->programs, log, restart,
				  settings->start_timeout_ms, fault);
	return r < 0 ? r : wait_ready(host, fault);
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
	return server_start(host, false, fault);
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
