#include "steps.h"

#include "file.h"
#include "log.h"
#include "monitor.h"
#include "ownership.h"
#include "selinux.h"
#include "service.h"
#include "spawn.h"

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
