/*
 * cluster.h - a data directory: look at it, fill a staging directory beside it, put that
 * in place.
 *
 * Nothing half-made is ever in place. initdb and pg_basebackup fill the staging directory
 * on the same file system; when all is written, and synced, one rename makes it PGDATA.
 * Where PGDATA is a mount point, or its parent belongs to somebody else, staging stands
 * inside of it: one rename gives it the name that says that it is whole, then its entries
 * are moved up one by one with PG_VERSION last, and no server starts without that file.
 *
 * Everything here runs as the owner of the data (never as root).
 */
#ifndef PGREPL_CLUSTER_H
#define PGREPL_CLUSTER_H

#include "base/fault.h"
#include "postgresql/programs.h"
#include "postgresql/tablespace.h"

#include <sys/types.h>

enum cluster_state {
	CLUSTER_ABSENT,
	CLUSTER_UNREADABLE, /* we may not read the directory: it is not ours yet */
	CLUSTER_EMPTY, /* a directory with nothing in it but lost+found or our staging */
	CLUSTER_PARTIAL, /* our moving up was interrupted; cluster_finish() goes on */
	CLUSTER_PRIMARY, /* PG_VERSION, and no standby.signal */
	CLUSTER_STANDBY, /* PG_VERSION and standby.signal */
	CLUSTER_FOREIGN, /* anything else */
};

struct cluster {
	char *path; /* PGDATA, links resolved */
	char *staging;
	char *whole; /* staging while its entries are moved up; NULL unless inside */
	char *lock;  /* a file that is there while setup is at work */
	const struct tablespace_map *tablespaces; /* the caller's */
	bool inside;                              /* staging is in path */
};

struct cluster_info {
	enum cluster_state state;
	long major; /* of PG_VERSION; 0 without */
};

/* What a running server says of itself in postmaster.pid. */
struct postmaster {
	pid_t pid;
	long port;
	char socket_directory[108]; /* as long as a socket's path can be */
	bool ready; /* accepts connections; pg_ctl looks at the same field */
};

/* Finds out where data_directory really is and where its staging goes. */
int cluster_open(struct cluster *cluster, const char *data_directory,
		 const struct tablespace_map *tablespaces, struct fault *fault);
void cluster_close(struct cluster *cluster);

/* How initdb and pg_basebackup are told of staging. */
#define CLUSTER_STAGING_OPTION "--pgdata="

/*
 * Keeps a second setup of the same data directory out: 0 and *ret_fd, which
 * cluster_unlock() takes, or a negative errno, -EWOULDBLOCK when one is at work. A
 * program that an earlier setup was killed over, and that still fills staging, is ended.
 */
int cluster_lock(const struct cluster *cluster, int *ret_fd, struct fault *fault);
void cluster_unlock(const struct cluster *cluster, int *fd);

int cluster_inspect(const struct cluster *cluster, struct cluster_info *ret,
		    struct fault *fault);

/*
 * The system identifier of the cluster in place, from pg_control; 0 or a negative errno.
 */
int cluster_system_id(const struct cluster *cluster, char ret[24]);

/*
 * Looks for a server on this data directory. 1 and *ret when its process lives, 0 when
 * not, or a negative errno. A file left by a crash is told by the working directory of
 * the process.
 */
int cluster_postmaster(const struct cluster *cluster, struct postmaster *ret);

/* Has an earlier, interrupted run left something in staging? Removes it. */
bool cluster_has_leftover(const struct cluster *cluster);
int cluster_clear_staging(const struct cluster *cluster, struct fault *fault);

/* Syncs staging and makes it PGDATA. PGDATA has to be absent or empty. */
int cluster_place(const struct cluster *cluster, struct fault *fault);

/*
 * Was that interrupted on the way up? What is left of it is moved up. Can be interrupted
 * again.
 */
bool cluster_is_unfinished(const struct cluster *cluster);
int cluster_finish(const struct cluster *cluster, struct fault *fault);

/*
 * Renames PGDATA to *ret_path (caller frees), whose name says when; not while a server
 * runs.
 */
int cluster_move_aside(const struct cluster *cluster, char **ret_path,
		       struct fault *fault);

/*
 * Runs initdb into staging: UTF8, data checksums, peer for local and SCRAM for TCP
 * connections; the superuser has no password (initdb 12 would take the first 99 bytes of
 * one: cluster_single_user() sets it). locale "" stands for collation C with the
 * character classes of C.UTF-8 or en_US.UTF-8, whichever the host has. Not synced yet.
 */
int cluster_init(const struct cluster *cluster, const struct programs *programs,
		 const char *superuser, const char *locale, struct fault *fault);

/*
 * Runs SQL, one statement a line, in a server of one user on a directory where none runs.
 * Durable only after cluster_place(). Output goes to ret.
 */
int cluster_single_user(const char *directory, const struct programs *programs,
			const char *sql, struct text *ret, struct fault *fault);

/*
 * What the configuration of a directory says of one parameter, as the server program
 * reads it; the fault is its complaint.
 */
int cluster_show_conf(const char *directory, const struct programs *programs,
		      const char *name, struct text *ret, struct fault *fault);

/*
 * Has the server program read a directory's configuration; its complaint becomes the
 * fault.
 */
int cluster_check_conf(const char *directory, const struct programs *programs,
		       struct fault *fault);

/*
 * Starts the server of the cluster by pg_ctl, or restarts it, as the owner of the data: for
 * hosts without systemd. The server's log goes to the file log, unless its own logging
 * collector takes it. A start does not wait until the server is ready, a restart does:
 * timeout_ms at most, and the server goes on.
 */
int cluster_start(const struct cluster *cluster, const struct programs *programs,
		  const char *log, bool restart, long timeout_ms, struct fault *fault);

#endif
