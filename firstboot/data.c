#include "data.h"

#include "base/file.h"
#include "base/log.h"
#include "host/ownership.h"
#include "lineage.h"
#include "monitor.h"
#include "postgresql/clone_mark.h"
#include "settings/keys.h"
#include "upstream.h"

#include <errno.h>
#include <string.h>
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
	TEXT_AUTO subject = { 0 };
	bool runs = host_add_subject(host, &subject);

	/* it stays where it is until the new cluster is complete */
	if (host->settings.existing_data == EXISTING_DATA_MOVE_ASIDE && !runs &&
	    !host->cluster.inside)
		return step_done(detail, "%s is to be moved aside: it %s",
				 host->cluster.path, what);
	fault_set(fault, FAULT_OPERATOR, "%s %s", text_str(&subject), what);
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

/* Adds what the primary says of it, if it answers, or refuses what it must not lose. */
static int add_lineage(struct host *host, struct text *what, struct fault *fault)
{
	struct replication_upstream upstream;
	struct replication_login login;
	FAULT_AUTO silence = { 0 };
	TEXT_AUTO lineage = { 0 };

	if (upstream_ask(host, &login, &upstream, &silence) < 0) {
		text_addf(what, " (perhaps one that was promoted; %s: %s)", host->primary,
			  text_str(&silence.message));
		return 0;
	}
	if (lineage_check(host, &login, &upstream, &lineage, fault) < 0)
		return -EIO;
	if (lineage.len)
		text_addf(what, ", on %s", text_str(&lineage));
	else
		text_addf(what, ", of another system than %s", host->primary);
	return 0;
}

/*
 * In the place of a standby. It may be the primary itself, or one that was promoted: it is
 * only moved aside when the upstream server has answered, here or in the step "primary".
 */
static enum step_state not_a_standby(struct host *host, struct text *detail,
				     struct fault *fault)
{
	TEXT_AUTO what = { 0 };

	text_add(&what, "holds a cluster that is not a standby");
	if (host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE) {
		if (add_lineage(host, &what, fault) < 0)
			return STEP_REFUSED;
	} else if (!host->upstream_known && upstream_reach(host, fault) < 0) {
		if (fault->class != FAULT_RETRY)
			return STEP_REFUSED;
		fault_clear(fault);
	}
	return unusable(host, detail, fault, text_str(&what));
}

/* In the place of a primary: the pair's data is not replaced by an empty cluster. */
static enum step_state not_a_primary(struct host *host, struct fault *fault)
{
	fault_set(fault, FAULT_OPERATOR,
		  "\"%s\" holds a standby: promote it to make it a primary",
		  host->cluster.path);
	return step_refused(fault,
			    "Nothing in it was changed. Promote it with \"pg_ctl promote\"; or, if this host is to have a new, empty cluster, move the data away by hand.");
}

/* A cluster of another major in the same place of that major: 12/data beside 15/data. */
static char *find_other_major(const char *path, long major)
{
	STRING_AUTO name = text_format("/%ld", major);
	const char *own = path, *rest = NULL;
	STRING_AUTO parent = NULL;
	DIR_AUTO dir = NULL;
	const struct dirent *entry;

	while ((own = strstr(own, name))) {
		own += strlen(name);
		if (*own == '/' || !*own)
			rest = own;
	}
	if (!rest)
		return NULL;
	parent = text_format("%.*s", (int)(rest - path - (long)strlen(name)), path);
	dir = opendir(*parent ? parent : "/");
	while (dir && (entry = file_next(dir))) {
		STRING_AUTO other = text_format("%s/%s%s", parent, entry->d_name, rest);
		STRING_AUTO version = text_format("%s/PG_VERSION", other);
		long number;

		if (text_to_long(entry->d_name, 1, 1000, &number) < 0 ||
		    number == major || !file_exists(version))
			continue;
		return text_copy(other);
	}
	return NULL;
}

/* Nobody who has data in the old major's place wants to find an empty cluster in its stead. */
static bool leaves_data_behind(const struct host *host, struct fault *fault)
{
	const long major = host->programs.number;
	STRING_AUTO other = NULL;

	if (host->role->settings != SETTINGS_PRIMARY ||
	    host->found.state == CLUSTER_PRIMARY || host->found.state == CLUSTER_STANDBY ||
	    host->settings.create_beside_other_major)
		return false;
	other = find_other_major(host->data_directory, major);
	if (!other)
		return false;
	fault_set(fault, FAULT_OPERATOR,
		  "\"%s\" holds a cluster of another PostgreSQL major version: no empty cluster of %ld is created beside it",
		  other, major);
	fault_hint(fault,
		   "To keep its data, create a cluster in \"%s\" with \"postgresql-%ld-setup initdb\", run pg_upgrade from \"%s\" to it, then setup again; or go on using the service of that version. For an empty cluster, set create_beside_other_major = on in section [primary].",
		   host->data_directory, major, other);
	return true;
}

/* A complete clone may be all that is left of a lost primary: no empty cluster replaces it. */
static bool would_clear_clone(const struct host *host, struct fault *fault)
{
	if (host->role->settings != SETTINGS_PRIMARY || host_in_place(host) ||
	    !clone_mark_exists(&host->cluster))
		return false;
	fault_set(fault, FAULT_OPERATOR,
		  "\"%s\" is a complete clone of a primary: no empty cluster is created in its stead",
		  host->cluster.staging);
	fault_hint(fault,
		   "Nothing in it was changed. Run pgrepl-standby setup to go on with it; or, for an empty cluster, remove \"%s/" CLUSTER_MARK
		   "\".",
		   host->cluster.staging);
	return true;
}

/*
 * What a start would make of the cluster: recover it, and then promote it on a timeline of its own,
 * or fail. A running server may have a backup_label: that of an exclusive backup, up to 14.
 */
static bool is_unrecovered(const struct host *host, struct fault *fault)
{
	static const struct {
		const char *name;
		bool running, of_standby; /* does it count then as well? */
		const char *what, *hint;
	} files[] = {
		{ "recovery.conf", true, true,
		  "has a recovery.conf, with which no server starts",
		  "Move that file away: since PostgreSQL 12 its parameters belong in postgresql.conf." },
		{ "recovery.signal", true, false, "is to be recovered (recovery.signal)",
		  "Let the recovery end under a server that you start by hand, or remove that file, then run setup again." },
		{ "backup_label", false, false,
		  "is a copy that was not recovered yet (backup_label)",
		  "If it is to be a primary, start its server by hand once, then run setup again. A server that crashed in an exclusive backup starts without that file." },
	};
	bool standby = host->role->settings == SETTINGS_STANDBY;
	struct postmaster postmaster;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO path = text_format("%s/%s", host->cluster.path, files[i].name);

		if (!file_exists(path) || (standby && !files[i].of_standby) ||
		    (!files[i].running && cluster_postmaster(&host->cluster, &postmaster) > 0))
			continue;
		fault_set(fault, FAULT_OPERATOR, "the cluster in \"%s\" %s",
			  host->cluster.path, files[i].what);
		fault_hint(fault, "%s", files[i].hint);
		return true;
	}
	return false;
}

/* What is in PGDATA can be used, or moved aside. */
static enum step_state judge(struct host *host, struct text *detail, struct fault *fault)
{
	bool standby = host->role->settings == SETTINGS_STANDBY;

	if (leaves_data_behind(host, fault) || would_clear_clone(host, fault))
		return STEP_REFUSED;
	switch (host->found.state) {
	case CLUSTER_ABSENT:
	case CLUSTER_EMPTY:
		return step_done(detail, "%s is %s", host->cluster.path,
				 host->found.state == CLUSTER_EMPTY ? "empty"
								    : "not there yet");
	case CLUSTER_PRIMARY:
		if (standby)
			return not_a_standby(host, detail, fault);
		return is_unrecovered(host, fault) ? STEP_REFUSED
						   : adoptable(host, detail, fault);
	case CLUSTER_STANDBY:
		if (!standby)
			return not_a_primary(host, fault);
		return is_unrecovered(host, fault) ? STEP_REFUSED
						   : adoptable(host, detail, fault);
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
			host->found.major
				? "holds an incomplete cluster, without global/pg_control"
				: "holds something that is not a PostgreSQL cluster");
}

enum step_state data_check(struct host *host, struct text *detail, struct fault *fault)
{
	if (host->found.state == CLUSTER_PARTIAL)
		return unfinished(host, detail);
	if (!host_in_place(host) && cluster_has_leftover(&host->cluster))
		return step_needed(detail, "clear %s, left by an interrupted run",
				   host->cluster.staging);
	return judge(host, detail, fault);
}

enum step_state data_look(struct host *host, struct text *detail, struct fault *fault)
{
	enum step_state state;

	if (host->found.state == CLUSTER_UNREADABLE)
		return step_done(detail, "%s cannot be read as %s yet",
				 host->cluster.path, host->user);
	if (host->found.state == CLUSTER_PARTIAL)
		state = unfinished(host, detail);
	else
		state = judge(host, detail, fault);
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
	TEXT_AUTO judged = { 0 };

	if (host_in_place(host))
		return step_done(detail, "%s", host->cluster.path);
	/* data_check() found it free or movable, but that may have changed since */
	if (!is_free(host) && host->settings.existing_data != EXISTING_DATA_MOVE_ASIDE) {
		fault_set(fault, FAULT_OPERATOR, "\"%s\" was free, but no longer is",
			  host->cluster.path);
		return step_refused(fault,
				    "Nothing in it was changed. Find out what writes to it, empty it, then run setup again.");
	}
	if (!is_free(host) && judge(host, &judged, fault) == STEP_REFUSED)
		return STEP_REFUSED;
	return step_needed(detail, "sync %s and rename it to %s%s", host->cluster.staging,
			   host->cluster.path,
			   is_free(host) ? "" : ", after moving aside what is there now");
}

/* A clone takes hours: what is in PGDATA, and the primary, may have changed meanwhile. */
static int move_aside(struct host *host, struct fault *fault)
{
	STRING_AUTO aside = NULL;

	if (host->role->settings == SETTINGS_STANDBY && primary_apply(host, fault) < 0)
		return -EIO;
	if (cluster_move_aside(&host->cluster, &aside, fault) < 0)
		return -EIO;
	log_warning("what was in \"%s\" is now in \"%s\"", host->cluster.path, aside);
	return 0;
}

int place_apply(struct host *host, struct fault *fault)
{
	if (!is_free(host) && move_aside(host, fault) < 0)
		return -EIO;
	return cluster_place(&host->cluster, fault);
}
