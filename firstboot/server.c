#include "server.h"

#include "base/spawn.h"
#include "host/selinux.h"
#include "monitor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { VERSION_TIMEOUT_MS = 30 * 1000 };

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
		fault_hint(
			fault,
			"Install postgresql%d-server, or set bin_directory in section [common].",
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

/* --- labels --- */

static struct selinux_place label_place(const struct host *host, const char *passfile)
{
	return (struct selinux_place){
		.data_directory = host->data_directory,
		.passfile = passfile,
		.tablespaces = &host->settings.tablespaces,
	};
}

/* ret->by_hand and the rest are empty where SELinux has no say; then *ret_why is why. */
static int look_at_labels(struct host *host, struct selinux_look *ret,
			  const char **ret_why, struct fault *fault)
{
	STRING_AUTO passfile = host_passfile(host);
	const struct selinux_place place = label_place(host, passfile);
	int r = host->root_side ? selinux_look(&place, ret, fault) : 0;

	*ret_why = NULL;
	if (!host->root_side)
		*ret_why = "left alone: that needs root";
	else if (r == 0 && !ret->enabled)
		*ret_why = "SELinux is not enabled";
	return r;
}

enum step_state label_rules_check(struct host *host, struct text *detail,
				  struct fault *fault)
{
	SELINUX_LOOK_AUTO look = { .enabled = false };
	const char *why;

	if (look_at_labels(host, &look, &why, fault) < 0)
		return STEP_REFUSED;
	if (look.by_hand.len) {
		fault_set(fault, FAULT_OPERATOR,
			  "SELinux's policy does not know where a link leads to");
		fault_hint(
			fault,
			"Name the directory without links, by PGDATA of the service or in tablespace_mapping, or run: %s",
			text_str(&look.by_hand));
		return STEP_REFUSED;
	}
	if (look.rules.len) {
		text_add(detail, text_str(&look.rules));
		return STEP_NEEDED;
	}
	text_add(detail, why ? why : "the policy knows every directory");
	return STEP_DONE;
}

int label_rules_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_LABEL_RULE, NULL, fault);
}

enum step_state labels_check(struct host *host, struct text *detail, struct fault *fault)
{
	SELINUX_LOOK_AUTO look = { .enabled = false };
	const char *why;

	if (look_at_labels(host, &look, &why, fault) < 0)
		return STEP_REFUSED;
	if (look.labels.len) {
		text_add(detail, text_str(&look.labels));
		return STEP_NEEDED;
	}
	if (why)
		text_add(detail, why);
	else
		text_addf(detail, "%s is labelled as the policy says",
			  host->cluster.path);
	return STEP_DONE;
}

int labels_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO passfile = host_passfile(host);
	const struct selinux_place place = label_place(host, passfile);

	return selinux_restore(&place, fault);
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
		fault_hint(
			fault,
			"Stop it with \"pg_ctl stop\", then run setup again: it will be started as a service.");
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
