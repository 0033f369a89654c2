#include "data.h"

#include "base/log.h"
#include "host/ownership.h"
#include "monitor.h"
#include "settings/keys.h"

#include <errno.h>
#include <unistd.h>

/* --- ownership --- */

enum step_state ownership_check(struct host *host, struct text *detail, struct fault *fault)
{
	long others = 0;

	if (ownership_count(host->cluster.path, geteuid(), &others, fault) < 0)
		return STEP_REFUSED;
	if (!others)
		return step_done(detail, "all of %s is owned by %s", host->cluster.path,
				 host->user);
	text_addf(detail,
		  others == 1 ? "%ld entry in %s is not owned by %s"
			      : "%ld entries in %s are not owned by %s",
		  others, host->cluster.path, host->user);
	if (host->root_side)
		return STEP_NEEDED;
	fault_set(fault, FAULT_OPERATOR, "%s", text_str(detail));
	return step_refused(fault,
			    "Run setup as root, or give all of \"%s\" to the user who runs it.",
			    host->cluster.path);
}

int ownership_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_OWN, NULL, fault);
}

/* --- data directory --- */

/* What is in PGDATA cannot be adopted. Its path and "what" make a sentence. */
static enum step_state unusable(struct host *host, struct text *detail,
				struct fault *fault, const char *what)
{
	struct postmaster postmaster;
	bool runs = cluster_postmaster(&host->cluster, &postmaster) > 0;

	/* it stays where it is until the new cluster is complete */
	if (host->settings.existing_data == EXISTING_DATA_MOVE_ASIDE && !runs &&
	    !host->cluster.inside)
		return step_done(detail, "%s is to be moved aside: it %s",
				 host->cluster.path, what);
	if (runs)
		fault_set(fault, FAULT_OPERATOR, "a server runs on \"%s\" (pid %d), which %s",
			  host->cluster.path, (int)postmaster.pid, what);
	else
		fault_set(fault, FAULT_OPERATOR, "\"%s\" %s", host->cluster.path, what);
	if (host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE)
		fault_hint(fault,
			   "Nothing in it was changed. Empty it, name another data_directory, or set existing_data = move_aside to have it renamed.");
	else if (runs)
		fault_hint(fault, "Stop the server, so that its data can be moved aside.");
	else
		fault_hint(fault,
			   "It is a mount point, or in a directory that belongs to somebody else, and cannot be renamed: move its content by hand.");
	return STEP_REFUSED;
}

static enum step_state unfinished(struct host *host, struct text *detail)
{
	return step_needed(detail, "finish putting %s in place: a run was interrupted",
			   host->cluster.path);
}

static enum step_state adoptable(struct host *host, struct text *detail, struct fault *fault)
{
	const struct cluster_info *info = &host->found;

	if (cluster_is_unfinished(&host->cluster))
		return unfinished(host, detail);
	if (info->major != host->programs.number) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" was made by PostgreSQL %ld, but the programs are those of %ld",
			  host->cluster.path, info->major, host->programs.number);
		return step_refused(fault,
				    "Set bin_directory and service to those of that major, or upgrade the cluster first.");
	}
	return step_done(detail, "%s holds a %s of PostgreSQL %ld", host->cluster.path,
			 host->role->name, info->major);
}

enum step_state data_check(struct host *host, struct text *detail, struct fault *fault)
{
	bool standby = host->role->settings == SETTINGS_STANDBY;

	if (host->found.state == CLUSTER_PARTIAL)
		return unfinished(host, detail);
	if (!host_in_place(host) && cluster_has_leftover(&host->cluster))
		return step_needed(detail, "clear %s, left by an interrupted run",
				   host->cluster.staging);
	switch (host->found.state) {
	case CLUSTER_ABSENT:
	case CLUSTER_EMPTY:
		return step_done(detail, "%s is %s", host->cluster.path,
				 host->found.state == CLUSTER_EMPTY ? "empty"
								    : "not there yet");
	case CLUSTER_PRIMARY:
		if (standby)
			return unusable(host, detail, fault,
					"holds a cluster that is not a standby (perhaps one that was promoted)");
		return adoptable(host, detail, fault);
	case CLUSTER_STANDBY:
		if (!standby)
			return unusable(host, detail, fault,
					"holds a standby: promote it to make it a primary");
		return adoptable(host, detail, fault);
	case CLUSTER_UNREADABLE:
		fault_errno(fault, FAULT_OPERATOR, -EACCES,
			    "could not read data directory \"%s\"", host->cluster.path);
		return step_refused(fault,
				    "It has to be a directory owned by the server's user.");
	case CLUSTER_PARTIAL:
	case CLUSTER_FOREIGN:
		break;
	}
	return unusable(host, detail, fault,
			"holds something that is not a PostgreSQL cluster");
}

enum step_state data_look(struct host *host, struct text *detail, struct fault *fault)
{
	enum step_state state;

	if (host->found.state == CLUSTER_UNREADABLE)
		return step_done(detail, "%s cannot be read as %s yet",
				 host->cluster.path, host->user);
	state = data_check(host, detail, fault);
	return state == STEP_NEEDED ? STEP_DONE : state;
}

int data_apply(struct host *host, struct fault *fault)
{
	if (cluster_is_unfinished(&host->cluster))
		return cluster_finish(&host->cluster, fault);
	return cluster_clear_staging(&host->cluster, fault);
}

/* --- created as (P4) --- */

static int compare_created(struct host *host, const struct key *key, struct text *detail,
			   struct fault *fault)
{
	const char *const values[] = { *(char **)key_field(key, &host->settings) };
	RESULT_AUTO row = NULL;

	if (host_query(host, key->created_as, 1, values, &row, fault) < 0)
		return -EIO;
	text_addf(detail, "%s%s %s", detail->len ? ", " : "", key->name,
		  PQntuples(row) ? db_value(row, 0, 0) : "is not known");
	if (!PQntuples(row) || text_equal(db_value(row, 0, 1), "t"))
		return 0;
	log_warning("\"%s\" is \"%s\" in the ini, but the cluster was created with \"%s\"",
		    key->name, values[0], db_value(row, 0, 0));
	log_hint("It applies to new clusters only: correct the ini, or move the data to a new cluster with pg_dumpall.");
	return 0;
}

enum step_state created_check(struct host *host, struct text *detail, struct fault *fault)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];

		if (!key->created_as || !key_is_for(key, host->role->settings) ||
		    !key_is_set(key, &host->settings))
			continue;
		if (compare_created(host, key, detail, fault) == 0)
			continue;
		if (!host_excuses(host, fault))
			return STEP_REFUSED;
		text_add(detail, "to be compared once the server runs");
	}
	if (!detail->len)
		text_add(detail, "the ini leaves it to the defaults");
	return STEP_DONE;
}

/* --- in place --- */

static bool is_free(const struct host *host)
{
	return host->found.state == CLUSTER_ABSENT || host->found.state == CLUSTER_EMPTY;
}

enum step_state place_check(struct host *host, struct text *detail, struct fault *fault)
{
	if (host_in_place(host))
		return step_done(detail, "%s", host->cluster.path);
	/* data_check() found it free or movable, but that may have changed since */
	if (!is_free(host) && host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE) {
		fault_set(fault, FAULT_OPERATOR, "\"%s\" was free, but no longer is",
			  host->cluster.path);
		return step_refused(fault,
				    "Nothing in it was changed. Find out what writes to it, empty it, then run setup again.");
	}
	return step_needed(detail, "sync %s and rename it to %s%s", host->cluster.staging,
			   host->cluster.path,
			   is_free(host) ? "" : ", after moving aside what is there now");
}

int place_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO aside = NULL;

	if (!is_free(host)) {
		if (cluster_move_aside(&host->cluster, &aside, fault) < 0)
			return -EIO;
		log_warning("what was in \"%s\" is now in \"%s\"", host->cluster.path, aside);
	}
	return cluster_place(&host->cluster, fault);
}
