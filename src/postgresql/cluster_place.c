#include "postgresql/cluster.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool cluster_has_leftover(const struct cluster *cluster)
{
	return !cluster->keep &&
	       (file_exists(cluster->staging) || file_exists(cluster->trial) ||
		tablespace_has_leftover(cluster->tablespaces));
}

/* What is taken apart or put in place is not a clone to go on with, durably so. */
static int drop_mark(const struct cluster *cluster)
{
	STRING_AUTO mark = text_format("%s/" CLUSTER_MARK, cluster->staging);

	if (unlink(mark) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return file_sync_parent(mark);
}

int cluster_clear_staging(const struct cluster *cluster, struct fault *fault)
{
	int r = drop_mark(cluster);

	/* before the links in staging, which tell which tablespaces are ours */
	if (r == 0)
		r = tablespace_clear(cluster->tablespaces, cluster->staging);
	if (r == 0)
		r = file_remove_tree(cluster->staging);
	if (r == 0)
		r = file_remove_tree(cluster->trial);
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r, "could not remove \"%s\"",
			    cluster->staging);
		fault_hint(fault,
			   "It was left by an interrupted run and can safely be removed by hand.");
	}
	return r;
}

static int move_up(const char *staging, const char *path, const char *name)
{
	STRING_AUTO from = text_format("%s/%s", staging, name);
	STRING_AUTO to = text_format("%s/%s", path, name);

	return rename(from, to) < 0 ? -errno : 0;
}

/* Moves up all entries but PG_VERSION. Returns how many, or a negative errno. */
static int move_rest_up(const char *from, const char *to)
{
	DIR_AUTO dir = opendir(from);
	const struct dirent *entry;
	int moved = 0, r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (errno = 0, entry = file_next(dir))) {
		if (text_equal(entry->d_name, "PG_VERSION"))
			continue;
		r = move_up(from, to, entry->d_name);
		moved++;
	}
	if (r == 0)
		r = -errno;
	return r < 0 ? r : moved;
}

/* PG_VERSION comes last, and durably so: no server starts without it. */
static int move_all_up(const struct cluster *cluster)
{
	STRING_AUTO version = text_format("%s/PG_VERSION", cluster->path);
	int r;

	/* until none is left: readdir() may skip entries of a directory that changes */
	do
		r = move_rest_up(cluster->whole, cluster->path);
	while (r > 0);
	if (r == 0 && chmod(cluster->path, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = file_sync_parent(version);
	if (r == 0 && !file_exists(version))
		r = move_up(cluster->whole, cluster->path, "PG_VERSION");
	if (r == 0)
		r = file_sync_parent(version);
	if (r == 0 && rmdir(cluster->whole) < 0)
		r = -errno;
	return r;
}

/* The new name tells a complete cluster from left-overs of an interrupted run. */
static int place_from_inside(const struct cluster *cluster)
{
	int r = rename(cluster->staging, cluster->whole) < 0 ? -errno : 0;

	if (r == 0)
		r = file_sync_parent(cluster->whole);
	return r == 0 ? move_all_up(cluster) : r;
}

static int place_fault(const struct cluster *cluster, const char *from, int r,
		       struct fault *fault)
{
	return fault_errno(fault, FAULT_OPERATOR, r,
			   "could not put \"%s\" in the place of \"%s\"", from,
			   cluster->path);
}

int cluster_finish(const struct cluster *cluster, struct fault *fault)
{
	int r = move_all_up(cluster);

	return r < 0 ? place_fault(cluster, cluster->whole, r, fault) : 0;
}

int cluster_place(const struct cluster *cluster, struct fault *fault)
{
	int r = file_sync_tree(cluster->staging);

	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r,
				   "could not write \"%s\" to disk", cluster->staging);
	r = drop_mark(cluster);
	if (r == 0)
		r = tablespace_place(cluster->tablespaces, cluster->staging);
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r,
				   "could not put the tablespaces of \"%s\" in place",
				   cluster->staging);
	if (cluster->inside)
		r = place_from_inside(cluster);
	else if (rename(cluster->staging, cluster->path) < 0)
		r = -errno;
	else
		r = file_sync_parent(cluster->path);
	return r < 0 ? place_fault(cluster, cluster->staging, r, fault) : 0;
}

int cluster_move_aside(const struct cluster *cluster, char **ret_path, struct fault *fault)
{
	struct postmaster postmaster;
	char stamp[32];
	struct tm utc;
	time_t now = time(NULL);
	STRING_AUTO aside = NULL;

	if (cluster_postmaster(cluster, &postmaster) > 0) {
		fault_set(fault, FAULT_OPERATOR, "a server runs on \"%s\" (pid %d)",
			  cluster->path, (int)postmaster.pid);
		return fault_hint(fault, "Stop it before its data is moved aside.");
	}
	if (cluster->inside) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" is a mount point, or in a directory that belongs to somebody else: its content cannot be moved aside",
			  cluster->path);
		return fault_hint(fault, "Move the content to another place by hand.");
	}
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	aside = text_format("%s.pgrepl-old-%s", cluster->path, stamp);
	if (rename(cluster->path, aside) < 0 || file_sync_parent(aside) < 0)
		return fault_errno(fault, FAULT_OPERATOR, -errno,
				   "could not move \"%s\" aside to \"%s\"", cluster->path,
				   aside);
	*ret_path = aside;
	aside = NULL;
	return 0;
}
