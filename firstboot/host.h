/* host.h - the host that is being set up: what the steps share. */
#pragma once

#include "postgresql/cluster.h"
#include "postgresql/db.h"
#include "postgresql/programs.h"
#include "postgresql/replication.h"
#include "role.h"
#include "settings/settings.h"

#include <stdint.h>

/*
 * The comment above each group says who fills it. A field may be read from then on;
 * before, it is zero. A step that reads what another step fills comes after it in the
 * table of its role.
 */
struct host {
	/* main.c, from the command line and the ini, before the worker is forked */
	const struct role *role;
	struct settings settings;
	bool dry_run;
	char host_name[256];
	char application_name[64]; /* of the standby's walreceiver */

	/* prepare.c, from the account and the service, before the worker is forked */
	char user[64];      /* that the server runs as, and we do */
	char superuser[64]; /* the role that we log in as; by default it has the same name */
	char home[1024];    /* of the server's user */
	bool root_side;     /* the monitor is root */
	char *data_directory;     /* as configured, links not resolved */
	const char **directories; /* data_directory, then the tablespaces; ends in NULL */

	/* main.c, at the start of the worker */
	int verbs; /* to the monitor; see monitor.h */
	int lock;  /* held while setup runs, else -1 */

	/* host_open() */
	struct cluster cluster;
	char *primary; /* as messages name it: "10.0.0.1:5432" */

	/* host_look(): before each step (in a dry run: before the first), and after its apply */
	struct cluster_info found;

	/* host_db(), on demand */
	struct db db; /* to the local server */

	/* step "programs"; zero in status and verify */
	struct programs programs;

	/* scratch.c, while a configuration is tried: in cluster.trial */
	bool trying;

	/* step "primary" of a standby, and again whenever upstream_reach() succeeds */
	bool upstream_known; /* false throughout a dry run whose primary does not answer */
	struct replication_upstream upstream;
	int upstream_timeouts; /* how often it did not answer in time */

	/* step "primary", or step "tablespaces" if the role may not enter a database */
	bool tablespaces_known;
	struct text upstream_tablespaces; /* their directories, one per line */

	/* trial.c: this host can run with the primary's configuration, or why it is not known yet */
	bool inherited_tried;
	struct text not_tried;

	/* step "new role" of a primary: the role was created and read back in staging */
	bool role_staged;

	/* in_force.c: the server has read its configuration since we began */
	bool reloaded;

	/* login_find_host() of a primary: where it logs in to itself */
	char listen_host[64];
};

/* Finds the cluster. The worker calls this first. */
int host_open(struct host *host, struct fault *fault);
void host_close(struct host *host);

/*
 * Looks at what is in PGDATA; the questions below are answered as of the last look. A
 * PGDATA that the server's user cannot read yet is CLUSTER_UNREADABLE; any other failure
 * to read it is a fault.
 */
int host_look(struct host *host, struct fault *fault);

/* Does PGDATA hold a cluster of our role? Others are refused or moved aside. */
bool host_in_place(const struct host *host);

/*
 * Adds the subject of a sentence about what is in PGDATA: its path, or the server that
 * runs on it, which is then the answer.
 */
bool host_add_subject(const struct host *host, struct text *ret);

/* Was putting it there interrupted half way? */
bool host_half_in_place(const struct host *host);

/*
 * The directory to write files to: PGDATA once it is in place, staging before; or where a
 * configuration is being tried.
 */
const char *host_directory(const struct host *host);

/*
 * Has this run put a file of this name into staging? Always false in a dry run: whatever
 * is there was left by an interrupted run.
 */
bool host_has_staged(const struct host *host, const char *name);

/*
 * The connection to the local server as its superuser, through the socket; opened on
 * first use. NULL and the fault on failure.
 */
struct db *host_db(struct host *host, struct fault *fault);

/* db_query() on that connection. */
int host_query(struct host *host, const char *sql, int count, const char *const *values,
	       PGresult **ret, struct fault *fault);

/*
 * A dry run does not apply the steps before, so a server may not run yet, or a file may not be
 * there: is this one? Then the fault is cleared.
 */
bool host_excuses(const struct host *host, struct fault *fault);

/* A login as the replication role to the upstream server (on a primary: to itself). */
void host_login(const struct host *host, struct replication_login *ret);

/* The path of the file that the standby's password is in. The caller frees it. */
char *host_passfile(const struct host *host);
