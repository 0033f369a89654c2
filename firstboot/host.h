/*
 * host.h - the host that is being set up: what the steps share.
 */
#ifndef PGREPL_HOST_H
#define PGREPL_HOST_H

#include "postgresql/cluster.h"
#include "postgresql/db.h"
#include "postgresql/major.h"
#include "postgresql/replication.h"
#include "settings/settings.h"
#include "step.h"

#include <stdint.h>

/*
 * What makes a primary's program differ from a standby's: primary.c and standby.c define
 * one each.
 */
struct role {
	const char *name;    /* "primary" */
	const char *program; /* "pgrepl-primary" */
	enum settings_role settings;
	const struct step *steps;
	size_t steps_count;
	/* rows V1 and V4 of the procedure; timeout_ms is for V4 */
	int (*verify)(struct host *host, long timeout_ms, struct fault *fault);
};
extern const struct role role;

struct host {
	struct settings settings;
	char *data_directory; /* as configured, links not resolved */
	char host_name[256];
	char application_name[64]; /* of the standby's walreceiver */
	char home[1024];           /* of the server's user */
	char listen_host[64]; /* where a primary's own log-in goes; login_find_host() */
	char superuser[64];   /* the server's user and its superuser have one name */
	bool dry_run;
	bool root_side; /* the monitor is root */
	int verbs;      /* to it; see monitor.h */

	struct cluster cluster;
	int lock; /* held while setup is at work */
	const struct major *major;
	long major_number;   /* of the programs */
	struct db db;        /* to the local server; host_db() opens it */
	bool role_staged;    /* the replication role was made, and seen, in staging */
	bool settings_tried; /* the server accepts the standby's settings */
	bool reloaded;       /* the server has read its configuration since we began */
	bool cloned;         /* the base backup in staging is whole */

	struct replication_upstream upstream; /* a standby's; asked for by its step */
	bool upstream_known;
	struct text upstream_tablespaces; /* their directories, one a line */
	bool tablespaces_known;
};

/* Finds the cluster. Comes first, in the worker. */
int host_open(struct host *host, struct fault *fault);
void host_close(struct host *host);

int host_inspect(struct host *host, struct cluster_info *ret, struct fault *fault);

/*
 * Is a cluster of our role in PGDATA? Any other there is refused, or is to be moved
 * aside.
 */
bool host_in_place(struct host *host);

/* Was putting it there interrupted on the way? */
bool host_half_in_place(struct host *host);

/*
 * The directory that files are written into: PGDATA once it is in place, staging before.
 */
const char *host_directory(struct host *host);

/*
 * The connection to the local server as its superuser, by socket; opened when it is first
 * asked for.
 */
struct db *host_db(struct host *host, struct fault *fault);

/* A log-in as the replication role to the upstream server (on a primary: to itself). */
void host_login(struct host *host, struct replication_login *ret);

/* Adds to the fault of a refused log-in of the replication role what to do about it. */
void host_login_hint(struct fault *fault);

/* Waits for the local server to accept connections; start_timeout of the ini at most. */
int host_wait_ready(struct host *host, struct fault *fault);

/* Starts or restarts it, by the root side or by pg_ctl, and waits until it is ready. */
int host_start(struct host *host, bool restart, struct fault *fault);

/* The path of the file that the standby's password is in. Caller frees. */
char *host_passfile(const struct host *host);

#endif
