#include "data.h"

#include "base/log.h"
#include "host/ownership.h"
#include "monitor.h"

#include <errno.h>
#include <unistd.h>

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
		fault_hint(
			fault,
			"Nothing in it was changed. Empty it, name another data_directory, or set existing_data = move_aside to have it renamed.");
		return STEP_REFUSED;
	}
	if (postmaster.pid) {
		fault_hint(fault, "Stop it, for its data to be moved aside.");
		return STEP_REFUSED;
	}
	if (host->cluster.inside) {
		fault_hint(
			fault,
			"It is a mount point, or in a directory of somebody else, and cannot be renamed: move its content by hand.");
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
			"Set bin_directory and service to that major's, or upgrade the cluster first.");
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
				"holds a cluster that is no standby (a standby that was promoted, perhaps)");
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

	if (r == 0 && info.state != CLUSTER_ABSENT && info.state != CLUSTER_EMPTY) {
		/* data_check has said that it may be; but somebody may have come since */
		if (host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE) {
			fault_set(fault, FAULT_OPERATOR,
				  "\"%s\" was free, and is not any more",
				  host->cluster.path);
			fault_hint(
				fault,
				"Nothing in it was changed. Find out who writes there, empty it, then run setup again.");
			return -ENOTEMPTY;
		}
		r = cluster_move_aside(&host->cluster, &aside, fault);
		if (r == 0)
			log_warning("what was in \"%s\" is now in \"%s\"",
				    host->cluster.path, aside);
	}
	return r < 0 ? r : cluster_place(&host->cluster, fault);
}
