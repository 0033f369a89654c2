#include "upstream.h"

#include "base/clock.h"
#include "base/network.h"
#include "lineage.h"
#include "patience.h"
#include "postgresql/history.h"

#include <errno.h>
#include <string.h>

#define UNREACHABLE "could not connect to the primary"

enum {
	CHECKPOINT_TIMEOUT_MS = 10 * 60 * 1000,
	/* so that a reason is reported within 5 s: only later tries wait for a slow login */
	SHORT_TRIES = 2,
	SHORT_TRY_MS = 2 * 1000,
	LIMIT_TRIES = 5,
	LIMIT_PAUSE_MS = 200,
};

/* pg_basebackup receives the data over one connection, and the WAL over another. */
enum { CLONE_WALSENDERS = 2 };

/* --- primary: it can be reached, and is one that we can follow --- */

static int check_upstream(struct host *host, const struct replication_login *login,
			  const struct replication_upstream *upstream, struct fault *fault)
{
	int major = major_of_version(upstream->version_num);
	struct wal_position position;
	char here[24];

	if (major != host->programs.number) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server on %s is PostgreSQL %d, but this host has %ld",
			  host->primary, major, host->programs.number);
		return fault_hint(fault,
				  "Install the packages of PostgreSQL %d here: WAL cannot be replayed by another major.",
				  major);
	}
	if (!host_in_place(host) &&
	    upstream->raised[REPLICATION_RAISED_WALSENDERS] < CLONE_WALSENDERS) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server on %s has max_wal_senders = %ld, and a clone needs %d",
			  host->primary, upstream->raised[REPLICATION_RAISED_WALSENDERS],
			  CLONE_WALSENDERS);
		return fault_hint(fault,
				  "Run \"pgrepl-primary setup\" there, with allow_restart = on, or raise it by hand.");
	}
	/* before a working standby is pointed at a server that it was not cloned from */
	if (host_in_place(host) && history_locate(host->cluster.path, here, &position) == 0 &&
	    !text_equal(here, upstream->system_id)) {
		fault_set(fault, FAULT_OPERATOR,
			  "this host's cluster (system %s) is not a clone of the one on %s (%s)",
			  here, host->primary, upstream->system_id);
		return fault_hint(fault,
				  "Check primary_host; to have this host cloned anew, stop the server and move its data away by hand.");
	}
	return lineage_check(host, login, upstream, NULL, fault);
}

/* Without access to a database, the step "tablespaces" asks in another way. */
static int ask_tablespaces(struct host *host, const struct replication_login *login,
			   struct fault *fault)
{
	TEXT_AUTO found = { 0 };
	int r = replication_tablespaces(login, &found, fault);

	if (r == -EACCES)
		return 0;
	if (r < 0)
		return r;
	text_reset(&host->upstream_tablespaces);
	text_add(&host->upstream_tablespaces, text_str(&found));
	host->tablespaces_known = true;
	return 0;
}

/* With no server here yet, a standby that points at itself would wait for ever. */
static int check_not_self(const struct settings *settings, struct fault *fault)
{
	if (settings->primary_port != settings->port ||
	    !network_is_local(settings->primary_host))
		return 0;
	fault_set(fault, FAULT_OPERATOR, "primary_host \"%s\" is this host itself",
		  settings->primary_host);
	return fault_hint(fault,
			  "Set primary_host in section [common] to the address of the primary.");
}

static void shorten(int *timeout_ms)
{
	if (*timeout_ms > SHORT_TRY_MS)
		*timeout_ms = SHORT_TRY_MS;
}

/* A session of ours that has just ended counts against the role's limit for a moment more. */
static int identify_within_limit(const struct replication_login *login,
				 struct replication_upstream *ret, struct fault *fault)
{
	int r = replication_identify(login, true, ret, fault);

	for (int tries = 0; tries < LIMIT_TRIES && r < 0 && fault->class == FAULT_OPERATOR &&
			    text_equal(fault->sqlstate, "53300");
	     tries++) {
		if (clock_sleep_ms(LIMIT_PAUSE_MS) < 0)
			break;
		fault_clear(fault);
		r = replication_identify(login, true, ret, fault);
	}
	return r;
}

static int identify(struct host *host, struct replication_login *login,
		    struct replication_upstream *ret, struct fault *fault)
{
	struct db_timeouts whole = login->timeouts;
	int r;

	if (!host->dry_run && host->upstream_timeouts < SHORT_TRIES) {
		shorten(&login->timeouts.connect_ms);
		shorten(&login->timeouts.login_ms);
	}
	r = identify_within_limit(login, ret, fault);
	login->timeouts = whole;
	if (r == -ETIMEDOUT)
		host->upstream_timeouts++;
	if (r < 0 && fault->class != FAULT_RETRY)
		fault_prefix(fault, UNREACHABLE " %s:%ld: ", login->host, login->port);
	return r;
}

int upstream_ask(struct host *host, struct replication_login *ret_login,
		 struct replication_upstream *ret, struct fault *fault)
{
	int r = check_not_self(&host->settings, fault);

	host_login(host, ret_login);
	return r < 0 ? r : identify(host, ret_login, ret, fault);
}

int upstream_reach(struct host *host, struct fault *fault)
{
	struct replication_upstream upstream;
	struct replication_login login;
	int r = upstream_ask(host, &login, &upstream, fault);

	if (r == 0)
		r = check_upstream(host, &login, &upstream, fault);
	/* only before a clone: what is in place has been cloned already */
	if (r == 0 && !host_in_place(host))
		r = ask_tablespaces(host, &login, fault);
	if (r == 0) {
		host->upstream = upstream;
		host->upstream_known = true;
	}
	return r;
}

enum step_state primary_check(struct host *host, struct text *detail, struct fault *fault)
{
	if (host->upstream_known || upstream_reach(host, fault) == 0)
		return step_done(detail, "%s, system %s", host->primary,
				 host->upstream.system_id);
	if (fault->class != FAULT_RETRY)
		return STEP_REFUSED;
	text_addf(detail, "wait for %s: %s", host->primary, text_str(&fault->message));
	fault_clear(fault);
	return STEP_NEEDED;
}

int primary_apply(struct host *host, struct fault *fault)
{
	struct patience patience;
	int r = 0;

	/* it may take hours, after which the server here need not be the same */
	db_close(&host->db);
	patience_start(&patience, host, "waiting for the primary", UNREACHABLE);
	while (r == 0 && upstream_reach(host, fault) < 0)
		r = patience_wait(&patience, fault);
	return r;
}

/* --- tablespaces: mapped, or refused before a byte is copied --- */

static enum step_state check_tablespace(struct host *host, const char *from,
					struct fault *fault)
{
	const struct tablespace_pair *pair =
		tablespace_map_find(&host->settings.tablespaces, from);

	if (pair)
		return tablespace_check_room(&host->settings.tablespaces, pair,
					     host->cluster.path, fault) < 0
			       ? STEP_REFUSED
			       : STEP_DONE;
	fault_set(fault, FAULT_OPERATOR,
		  "the primary has a tablespace in \"%s\", but the ini does not say where it goes on this host",
		  from);
	return step_refused(fault,
			    "Add \"%s=%s\", or another directory after the \"=\", to tablespace_mapping in section [standby].",
			    from, from);
}

enum step_state tablespaces_check(struct host *host, struct text *detail, struct fault *fault)
{
	STRING_AUTO list = text_copy(text_str(&host->upstream_tablespaces));
	char *rest = list, *from;
	size_t count = 0;

	/* its left-overs may be in the way of a tablespace */
	if (host->dry_run &&
	    (cluster_has_leftover(&host->cluster) || cluster_is_unfinished(&host->cluster)))
		return step_done(detail,
				 "to be checked once the interrupted run is cleared up");
	if (host->upstream_known && !host->tablespaces_known)
		return step_needed(detail,
				   "ask the walsender, which costs the primary a checkpoint: no access rule lets the role into a database");
	while ((from = strtok_r(rest, "\n", &rest))) {
		if (check_tablespace(host, from, fault) != STEP_DONE)
			return STEP_REFUSED;
		count++;
	}
	if (!host->upstream_known)
		text_add(detail, "to be fetched when the primary answers");
	else
		text_addf(detail, "the primary has %zu", count);
	return STEP_DONE;
}

int tablespaces_apply(struct host *host, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	long timeout_ms = CHECKPOINT_TIMEOUT_MS;
	struct replication_login login;
	struct patience patience;
	int r = 0;

	if (settings->wait_timeout_ms && settings->wait_timeout_ms < timeout_ms)
		timeout_ms = settings->wait_timeout_ms;
	host_login(host, &login);
	patience_start(&patience, host, "waiting for the tablespaces of",
		       "could not read the tablespaces of");
	while (r == 0 &&
	       replication_tablespaces_of_backup(&login, timeout_ms,
						 &host->upstream_tablespaces, fault) < 0)
		r = patience_wait(&patience, fault);
	host->tablespaces_known = r == 0;
	return r;
}
