/*
 * cluster.h - a data directory: inspect it, fill a staging directory beside it, put that
 * in place.
 *
 * Nothing half-made is ever in place. initdb and pg_basebackup fill a staging directory
 * on the same file system; when everything is written and synced, one rename makes it
 * PGDATA. If PGDATA is a mount point, or its parent belongs to somebody else, staging is
 * inside it: one rename gives it the name that marks it as complete, then its entries are
 * moved up one by one, PG_VERSION last, and no server starts without that file.
 *
 * Everything here runs as the owner of the data, never as root.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"
#include "postgresql/programs.h"
#include "postgresql/tablespace.h"

#include <sys/types.h>

enum cluster_state {
	CLUSTER_ABSENT,
	CLUSTER_UNREADABLE, /* we cannot read the directory: it is not ours yet */
	CLUSTER_EMPTY,      /* nothing in it but lost+found and our staging */
	CLUSTER_PARTIAL,    /* moving up was interrupted; cluster_finish() continues it */
	CLUSTER_PRIMARY,    /* PG_VERSION and pg_control, but no standby.signal */
	CLUSTER_STANDBY,    /* PG_VERSION, pg_control and standby.signal */
	CLUSTER_FOREIGN,    /* anything else: a copy that was interrupted, say */
};

struct cluster {
	char *path; /* PGDATA, links resolved */
	char *staging;
	char *whole; /* staging while its entries are moved up; NULL unless inside */
	char *lock;  /* a file that exists while setup is running */
	char *trial; /* beside staging: for trying a configuration */
	const struct tablespace_map *tablespaces; /* the caller's */
	bool inside;                              /* staging is in path */
	bool keep; /* set by the caller: staging is a complete clone, not a left-over */
};

struct cluster_info {
	enum cluster_state state;
	long major; /* from PG_VERSION; 0 without it */
};

/* What postmaster.pid says about a running server. */
struct postmaster {
	pid_t pid;
	long port;
	char socket_directory[108]; /* the maximum length of a socket's path */
	bool ready; /* accepts connections; pg_ctl looks at the same field */
};

/* Resolves data_directory and decides where its staging goes. */
int cluster_open(struct cluster *cluster, const char *data_directory,
		 const struct tablespace_map *tablespaces, struct fault *fault);
void cluster_close(struct cluster *cluster);

/* The option that passes staging to initdb and pg_basebackup. */
#define CLUSTER_STAGING_OPTION "--pgdata="

/*
 * Keeps out a second setup of the same data directory: 0 and *ret_fd for
 * cluster_unlock(), or a negative errno, -EWOULDBLOCK if one is running. A program left
 * behind by a setup that was killed, and that still writes to staging, is killed.
 */
int cluster_lock(const struct cluster *cluster, int *ret_fd, struct fault *fault);
void cluster_unlock(const struct cluster *cluster, int *fd);

int cluster_inspect(const struct cluster *cluster, struct cluster_info *ret,
		    struct fault *fault);

/*
 * Looks for a server on this data directory: 1 and *ret if its process is alive, 0 if
 * not, or a negative errno. The working directory of the process shows whether the file
 * is a left-over.
 */
int cluster_postmaster(const struct cluster *cluster, struct postmaster *ret);

/* Has an interrupted run left something in staging? The second removes it. */
bool cluster_has_leftover(const struct cluster *cluster);
int cluster_clear_staging(const struct cluster *cluster, struct fault *fault);

/* A file in staging that marks a clone as complete; see clone_mark.h. */
#define CLUSTER_MARK "pgrepl.clone"

/* Syncs staging and makes it PGDATA, which has to be absent or empty. */
int cluster_place(const struct cluster *cluster, struct fault *fault);

/* Was moving up interrupted? The second moves up the rest, and may be interrupted too. */
bool cluster_is_unfinished(const struct cluster *cluster);
int cluster_finish(const struct cluster *cluster, struct fault *fault);

/*
 * Renames PGDATA to *ret_path (the caller frees it), which contains the time. Refused
 * while a server is running.
 */
int cluster_move_aside(const struct cluster *cluster, char **ret_path, struct fault *fault);

/*
 * Runs initdb into staging: UTF8, data checksums, peer for local and SCRAM for TCP
 * connections; if superuser has another name than user, whom the server runs as, a map
 * lets that one in. The superuser has no password (initdb 12 would use only 99 bytes of one;
 * cluster_single_user() can set it). locale "" stands for collation C with the character
 * classes of C.UTF-8 or en_US.UTF-8, whichever the host has. Nothing is synced yet.
 */
int cluster_init(const struct cluster *cluster, const struct programs *programs,
		 const char *user, const char *superuser, const char *locale,
		 struct fault *fault);

/*
 * Runs SQL, one statement per line, in a single-user server on a directory where no
 * server is running. Durable only after cluster_place(). Output goes to ret.
 */
int cluster_single_user(const char *directory, const struct programs *programs,
			const struct secret *sql, struct text *ret, struct fault *fault);

/*
 * The value of a parameter in the configuration of a directory, as the server program
 * reads it, all of it. An error of its becomes the fault.
 */
int cluster_show_conf(const char *directory, const struct programs *programs,
		      const char *name, struct text *ret, struct fault *fault);

/*
 * Does the server program accept every name and value of a configuration file with this
 * content? Nothing is started, and no directory read: whether there is enough memory, and what
 * libraries define and accept, only a start can tell. 1; 0, with what it said in ret_why; or a
 * negative errno and the fault.
 */
int cluster_try_conf(const struct programs *programs, const struct text *content,
		     struct text *ret_why, struct fault *fault);

/*
 * Tries to start a server on a directory that holds its configuration, PG_VERSION and
 * global/pg_control, and nothing else. It reads the configuration, loads libraries and allocates
 * memory, and then has to give up for lack of data, before anybody can connect to it. preload
 * replaces shared_preload_libraries unless it is NULL. 1 if it came that far; 0 if not, with what
 * it said in ret_why; or a negative errno and the fault.
 */
int cluster_try(const char *directory, const struct programs *programs,
		const char *preload, struct text *ret_why, struct fault *fault);

/*
 * Starts or restarts the server with pg_ctl, on hosts without systemd. Its log goes to
 * the file log, unless its logging collector is on. A start does not wait until the
 * server is ready; a restart does, timeout_ms at most.
 */
int cluster_start(const struct cluster *cluster, const struct programs *programs,
		  const char *log, bool restart, long timeout_ms, struct fault *fault);
