#include "lineage.h"

#include <errno.h>

/* --- where this host's cluster is --- */

/* A running server knows better than its last checkpoint. */
static void ask_server(struct host *host, uint64_t *ret)
{
	struct postmaster postmaster;
	FAULT_AUTO silence = { 0 };
	RESULT_AUTO row = NULL;

	if (cluster_postmaster(&host->cluster, &postmaster) <= 0 || !postmaster.ready)
		return;
	if (host_query(host,
		       "SELECT CASE WHEN pg_catalog.pg_is_in_recovery()"
		       " THEN greatest(pg_catalog.pg_last_wal_receive_lsn(),"
		       "  pg_catalog.pg_last_wal_replay_lsn())"
		       " ELSE pg_catalog.pg_current_wal_lsn() END",
		       0, NULL, &row, &silence) == 0)
		(void)replication_parse_lsn(db_value(row, 0, 0), ret);
}

static bool has_cluster(const struct host *host)
{
	return host->found.state == CLUSTER_PRIMARY || host->found.state == CLUSTER_STANDBY;
}

/* 1 and *ret if it is of this system, 0, or a negative errno and the fault. */
static int locate(struct host *host, const char *system_id, struct wal_position *ret,
		  struct fault *fault)
{
	char here[24];
	int r = has_cluster(host) ? history_locate(host->cluster.path, here, ret) : -ENOENT;

	/* no server can start without its pg_control */
	if (r == -ENOENT || (r == 0 && !text_equal(here, system_id)))
		return 0;
	if (r == 0)
		return 1;
	fault_errno(fault, FAULT_OPERATOR, r,
		    "could not find out the timeline of the cluster in \"%s\"",
		    host->cluster.path);
	fault_hint(fault,
		   "Nothing in it was changed. If it is not needed, move it away by hand.");
	return r;
}

/* --- how they relate --- */

static const struct {
	const char *what;
	bool follows; /* a standby there can follow the server */
	bool older;   /* the server was promoted later, from what is there */
	const char *hint;
} relations[] = {
	[HISTORY_SAME] = {
		.what = "which is also that of",
		.follows = true,
		.hint = "One is a copy of the other: check which host is the primary, and primary_host. If the one here is not needed, move it away by hand.",
	},
	[HISTORY_BEHIND] = {
		.what = "which is a part of the history of",
		.follows = true,
		.older = true,
	},
	[HISTORY_FORKED] = {
		.what = "which has diverged from the history of",
		.older = true,
		.hint = "It has WAL that the other server does not have. To give that up, stop the server here and use pg_rewind, or move the data away by hand to have it cloned anew.",
	},
	[HISTORY_NEWER] = {
		.what = "which is newer than that of",
		.hint = "The server named by primary_host is an old primary: set primary_host to the one that was promoted last. If that is this host, leave it as it is, with pgrepl-primary. If the old primary is to be used nevertheless, move the data here away by hand.",
	},
	[HISTORY_APART] = {
		.what = "which is not in the history of",
		.hint = "Each was promoted without the other: decide which one is to be the primary, set primary_host to it, and move the data of the other away by hand.",
	},
};

static void add_position(struct text *ret, struct wal_position position)
{
	text_addf(ret, "timeline %ld at ", position.timeline);
	replication_add_lsn(ret, position.lsn);
}

/* -ENODATA, and no fault, if the server does not tell what came before its timeline. */
static int compare(const char *directory, const struct replication_login *login,
		   struct wal_position here, struct wal_position there,
		   enum history_relation *ret, struct fault *fault)
{
	HISTORY_AUTO ours = { 0 };
	HISTORY_AUTO theirs = { 0 };
	int r = 0;

	/* the first timeline has no history, and a newer one than theirs is not in it */
	if (there.timeline > 1 && here.timeline <= there.timeline)
		r = history_fetch(login, there.timeline, &theirs, fault);
	if (r == 0 && history_read(directory, here.timeline, &ours) < 0)
		r = -ENODATA;
	if (r == 0)
		*ret = history_relate(here, &ours, there, &theirs);
	return r;
}

/*
 * How a cluster that is here, with this directory, relates to the server, with what is known
 * of both added to what.
 */
static int relate_position(const char *directory, const struct replication_login *login,
			   struct wal_position here,
			   const struct replication_upstream *server,
			   enum history_relation *ret, struct text *what, struct fault *fault)
{
	struct wal_position there = { server->timeline, server->lsn };
	enum history_relation relation = HISTORY_APART;
	int r = compare(directory, login, here, there, &relation, fault);

	if (r < 0 && r != -ENODATA)
		return r;
	add_position(what, here);
	text_addf(what, ", %s %s:%ld, ", relations[relation].what, login->host, login->port);
	add_position(what, there);
	*ret = relation;
	return 0;
}

/*
 * 1 and *ret, with what is known of both added to what; 0 if there is no cluster here, or
 * one of another system; or a negative errno and the fault.
 */
static int relate(struct host *host, const struct replication_login *login,
		  const struct replication_upstream *server, enum history_relation *ret,
		  struct text *what, struct fault *fault)
{
	struct wal_position here;
	int r = locate(host, server->system_id, &here, fault);

	if (r <= 0)
		return r;
	ask_server(host, &here.lsn);
	r = relate_position(host->cluster.path, login, here, server, ret, what, fault);
	return r < 0 ? r : 1;
}

int lineage_check(struct host *host, const struct replication_login *login,
		  const struct replication_upstream *upstream, struct text *ret_what,
		  struct fault *fault)
{
	bool standby = host->found.state == CLUSTER_STANDBY;
	enum history_relation relation;
	TEXT_AUTO subject = { 0 };
	TEXT_AUTO what = { 0 };
	int r = relate(host, login, upstream, &relation, &what, fault);

	if (r <= 0)
		return r;
	if (ret_what)
		text_add(ret_what, text_str(&what));
	if (standby ? relations[relation].follows : relations[relation].older)
		return 0;
	(void)host_add_subject(host, &subject);
	fault_set(fault, FAULT_OPERATOR, "%s holds a %s, on %s", text_str(&subject),
		  standby ? "standby" : "cluster that is not a standby", text_str(&what));
	return fault_hint(fault, "%s", relations[relation].hint);
}

int lineage_check_clone(const struct host *host, const struct replication_login *login,
			const struct replication_upstream *upstream,
			struct wal_position here, struct fault *fault)
{
	enum history_relation relation;
	TEXT_AUTO what = { 0 };
	int r = relate_position(host->cluster.staging, login, here, upstream, &relation,
				&what, fault);

	if (r < 0 || relations[relation].follows)
		return r;
	r = fault_set(fault, FAULT_OPERATOR, "it is on %s", text_str(&what));
	return relations[relation].older ? -ESTALE : r;
}

/* --- other primary --- */

/* A standby has only read-only transactions. */
static bool is_writable(const struct replication_login *login)
{
	FAULT_AUTO silence = { 0 };
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;

	return replication_open(login, &db, &silence) == 0 &&
	       db_query(&db, "SHOW transaction_read_only", 0, NULL, &result, &silence) == 0 &&
	       text_equal(db_value(result, 0, 0), "off");
}

/* 1 and the fault if a server at primary_host is in the way of one here; 0; or -EIO. */
static int find_other(struct host *host, struct text *detail, struct fault *fault)
{
	enum history_relation relation = HISTORY_SAME;
	struct replication_upstream server;
	struct replication_login login;
	TEXT_AUTO what = { 0 };
	int r;

	host_login(host, &login);
	login.host = host->settings.primary_host;
	if (replication_identify(&login, false, &server, fault) < 0)
		return -EIO;
	if (!has_cluster(host)) {
		fault_set(fault, FAULT_OPERATOR,
			  "there is a server on %s already, and no usable cluster in \"%s\"",
			  host->primary, host->cluster.path);
		return 1;
	}
	r = relate(host, &login, &server, &relation, &what, fault);
	if (r < 0)
		return -EIO;
	text_addf(detail, "none: the server on %s is %s", host->primary,
		  r ? "a standby, and not newer" : "of another system");
	if (r == 0 || ((relation == HISTORY_SAME || relation == HISTORY_NEWER) &&
		       !is_writable(&login)))
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "another server has taken over: the cluster in \"%s\" is on %s",
		  host->cluster.path, text_str(&what));
	return 1;
}

enum step_state other_primary_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct postmaster postmaster;
	int r;

	if (cluster_postmaster(&host->cluster, &postmaster) > 0)
		return step_done(detail, "not looked for: the server here runs");
	if (!*host->settings.primary_host ||
	    !secret_is_set(&host->settings.replication_password))
		return step_done(detail,
				 "not looked for: the ini has no primary_host, or no password");
	r = find_other(host, detail, fault);
	if (r > 0)
		return step_refused(fault,
				    "Nothing was changed: with the server here, there would be two primaries. Make this host a standby with pgrepl-standby; or, if it is to be the primary, stop the other server or correct primary_host.");
	if (r < 0) {
		text_addf(detail, "none: %s: %s", host->primary, text_str(&fault->message));
		fault_clear(fault);
	}
	return STEP_DONE;
}
