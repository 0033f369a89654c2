/*
 * host.h - the host that is being set up: what the steps share.
 */
#ifndef PGREPL_HOST_H
#define PGREPL_HOST_H

#include "postgresql/cluster.h"
#include "postgresql/db.h"
#include "postgresql/programs.h"
#include "postgresql/replication.h"
#include "role.h"
#include "settings/settings.h"

#include <stdint.h>

/*
 * Each group says who fills it. A field may be read from then on; before, it is zero. A step
 * that reads what another step has filled stands behind it in the table of its role.
 */
struct host {
	/* main.c, from the command line and the ini, before the worker is forked */
	const struct role *role;
	struct settings settings;
	bool dry_run;
	char host_name[256];
	char application_name[64]; /* of the standby's walreceiver */

	/* prepare.c, from the account and the service, before the worker is forked */
	char superuser[64];       /* the server's user and its superuser have one name */
	char home[1024];          /* of the server's user */
	bool root_side;           /* the monitor is root */
	char *data_directory;     /* as configured, links not resolved */
	const char **directories; /* it and the tablespaces; ends in NULL */

	/* main.c, at the start of the worker */
	int verbs; /* to the monitor; see monitor.h */
	int lock;  /* held while setup is at work, else -1 */

	/* host_open() */
	struct cluster cluster;

	/* host_look(): before each step, and again after its apply */
	struct cluster_info found;

	/* host_db(), whenever somebody asks for it */
	struct db db; /* to the local server */

	/* step "programs"; zero in status and verify */
	struct programs programs;

	/* step "settings tried" of a standby: the server's program has accepted them */
	bool settings_tried;

	/* step "primary" of a standby, and again whenever the primary is asked how it is */
	bool upstream_known; /* false throughout a dry run whose primary does not answer */
	struct replication_upstream upstream;

	/* step "primary", or step "tablespaces" where the role is let into no database */
	bool tablespaces_known;
	struct text upstream_tablespaces; /* their directories, one per line */

	/* step "new role" of a primary: the role was made, and read back, in staging */
	bool role_staged;

	/* in_force.c: the server has read its configuration since we began */
	bool reloaded;

	/* login_find_host() of a primary: where it logs in to itself */
	char listen_host[64];
};

/* Finds the cluster, and looks at it. Comes first in the worker. */
int host_open(struct host *host, struct fault *fault);
void host_close(struct host *host);

/*
 * Looks at what is in PGDATA, for the questions below: they answer for the moment of the last
 * look. A PGDATA that the server's user may not read yet is CLUSTER_UNREADABLE; any other
 * failure to read it is a fault.
 */
int host_look(struct host *host, struct fault *fault);

/* Is a cluster of our role in PGDATA? Any other is refused, or is to be moved aside. */
bool host_in_place(const struct host *host);

/* Was putting it there interrupted on the way? */
bool host_half_in_place(const struct host *host);

/* The directory that files are written into: PGDATA once it is in place, staging before. */
const char *host_directory(const struct host *host);

/*
 * Is a file of this name in staging, put there by this run? Never in a dry run, which sees
 * what an interrupted run has left.
 */
bool host_has_staged(const struct host *host, const char *name);

/*
 * The connection to the local server as its superuser, by socket; opened when it is first
 * asked for. NULL, and the fault, when there is none.
 */
struct db *host_db(struct host *host, struct fault *fault);

/* A login as the replication role to the upstream server (on a primary: to itself). */
void host_login(const struct host *host, struct replication_login *ret);

/* Adds to the fault of a refused login of the replication role what to do about it. */
void host_login_hint(struct fault *fault);

/* The path of the file that the standby's password is in. The caller frees it. */
char *host_passfile(const struct host *host);

#endif
