#include "postgresql/cluster.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSIDE_NAME ".pgrepl-staging"

enum {
	LET_GO_MS = 500,
	ORPHAN_MS = 5 * 1000,
};

static bool needs_staging_inside(const char *path, const char *parent)
{
	struct stat path_st, parent_st;

	if (stat(path, &path_st) < 0 || stat(parent, &parent_st) < 0)
		return false;
	/* a bind mount may be on the same device */
	return path_st.st_dev != parent_st.st_dev || file_is_mount_point(path) ||
	       access(parent, W_OK) < 0;
}

int cluster_open(struct cluster *cluster, const char *data_directory,
		 const struct tablespace_map *tablespaces, struct fault *fault)
{
	STRING_AUTO copy = NULL;

	memset(cluster, 0, sizeof(*cluster));
	cluster->tablespaces = tablespaces;
	cluster->path = file_real_path(data_directory);
	if (!cluster->path && errno == ENOLINK) {
		fault_set(fault, FAULT_OPERATOR,
			  "data directory \"%s\" is a dangling symbolic link",
			  data_directory);
		return fault_hint(fault,
				  "Create the directory that it points to, owned by the server's user.");
	}
	if (!cluster->path) {
		fault_errno(fault, FAULT_OPERATOR, -errno,
			    "could not find data directory \"%s\"", data_directory);
		return fault_hint(fault,
				  "Create its parent directory, owned by the server's user, or set data_directory in the ini.");
	}
	copy = text_copy(cluster->path);
	cluster->inside = needs_staging_inside(cluster->path, dirname(copy));
	if (cluster->inside) {
		cluster->staging = text_format("%s/" INSIDE_NAME, cluster->path);
		cluster->whole = text_format("%s.whole", cluster->staging);
	} else
		cluster->staging = text_format("%s.pgrepl-staging", cluster->path);
	cluster->lock = text_format("%s.lock", cluster->staging);
	cluster->trial = text_format("%s.trial", cluster->staging);
	return 0;
}

void cluster_close(struct cluster *cluster)
{
	text_drop(&cluster->path);
	text_drop(&cluster->staging);
	text_drop(&cluster->whole);
	text_drop(&cluster->lock);
	text_drop(&cluster->trial);
}

/* Is fd still the file of that name? Its last holder removes it. */
static bool is_still(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

int cluster_lock(const struct cluster *cluster, int *ret_fd, struct fault *fault)
{
	STRING_AUTO orphan = text_format(CLUSTER_STAGING_OPTION "%s", cluster->staging);
	/* a setup that is just ending, or being killed, keeps the lock for a moment */
	long long deadline = clock_ms() + LET_GO_MS;

	for (;;) {
		FD_AUTO fd = open(cluster->lock,
				  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int r;

		if (fd < 0) {
			r = fault_errno(fault, FAULT_OPERATOR, -errno,
					"could not create \"%s\"", cluster->lock);
			fault_hint(fault,
				   "The server's user must be able to write to the parent of the data directory.");
			return r;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			r = -errno;
			/* so do programs that a killed setup left behind */
			if (process_kill_orphans(orphan))
				deadline = clock_ms() + ORPHAN_MS;
			/* it takes a moment until a killed process releases it */
			if (clock_ms() < deadline) {
				clock_pause_ms(10);
				continue;
			}
			fault_set(fault, FAULT_RETRY,
				  "another setup is running on \"%s\"", cluster->path);
			fault_hint(fault,
				   "Wait for it, or stop it: during boot it is the unit.");
			return r;
		}
		if (is_still(fd, cluster->lock)) {
			*ret_fd = file_steal(&fd);
			return 0;
		}
	}
}

void cluster_unlock(const struct cluster *cluster, int *fd)
{
	/* before releasing it: whoever waits for it checks that it still exists */
	if (*fd >= 0)
		(void)unlink(cluster->lock);
	file_close(fd);
}

static int read_version(const char *directory, long *ret)
{
	STRING_AUTO path = text_format("%s/PG_VERSION", directory);
	TEXT_AUTO content = { 0 };
	int r = file_read(path, 64, &content);

	if (r < 0)
		return r;
	if (!content.s)
		return -EINVAL;
	return text_to_long(text_trim(content.s), 1, 1000, ret);
}

bool cluster_is_unfinished(const struct cluster *cluster)
{
	return cluster->inside && file_exists(cluster->whole);
}

/* Known not to be a file that is there, rather than not to be seen. */
static bool is_missing(const char *directory, const char *name)
{
	STRING_AUTO path = text_format("%s/%s", directory, name);
	struct stat st;

	return stat(path, &st) < 0 ? errno == ENOENT : !S_ISREG(st.st_mode);
}

int cluster_inspect(const struct cluster *cluster, struct cluster_info *ret,
		    struct fault *fault)
{
	struct cluster_info info = { .state = CLUSTER_FOREIGN };
	STRING_AUTO standby = text_format("%s/standby.signal", cluster->path);
	int empty = file_is_empty(cluster->path, INSIDE_NAME);
	int r = empty < 0 ? empty : 0;

	if (r == -ENOENT || r == -EACCES) {
		info.state = r == -ENOENT ? CLUSTER_ABSENT : CLUSTER_UNREADABLE;
		*ret = info;
		return 0;
	}
	if (r == 0)
		r = read_version(cluster->path, &info.major);
	/* without pg_control, which pg_basebackup sends last, no server can start */
	if (r == 0 && is_missing(cluster->path, "global/pg_control"))
		info.state = CLUSTER_FOREIGN;
	else if (r == 0)
		info.state = file_exists(standby) ? CLUSTER_STANDBY : CLUSTER_PRIMARY;
	else if (r == -ENOENT && cluster_is_unfinished(cluster))
		info.state = CLUSTER_PARTIAL;
	else if (r == -ENOENT)
		info.state = empty ? CLUSTER_EMPTY : CLUSTER_FOREIGN;
	/* a PG_VERSION that we cannot read, or that is none, is somebody else's: CLUSTER_FOREIGN */
	else if (r != -EACCES && r != -EINVAL && r != -ERANGE && r != -EFBIG &&
		 r != -FILE_NOT_REGULAR) {
		fault_errno(fault, FAULT_OPERATOR, r,
			    "could not read data directory \"%s\"", cluster->path);
		return fault_hint(fault,
				  "It has to be a directory owned by the server's user.");
	}
	*ret = info;
	return 0;
}

static bool works_in(pid_t pid, const char *path)
{
	STRING_AUTO link = text_format("/proc/%d/cwd", (int)pid);
	STRING_AUTO cwd = realpath(link, NULL);

	return cwd && text_equal(cwd, path);
}

int cluster_postmaster(const struct cluster *cluster, struct postmaster *ret)
{
	/* lines of postmaster.pid: src/include/utils/pidfile.h of PostgreSQL */
	enum { LINE_PID, LINE_PORT = 3, LINE_SOCKET, LINE_STATUS = 7, LINES };
	STRING_AUTO path = text_format("%s/postmaster.pid", cluster->path);
	TEXT_AUTO content = { 0 };
	struct postmaster postmaster = { .pid = 0 };
	char *lines[LINES] = { NULL }, *s;
	long pid;
	int r = file_read(path, 4096, &content);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	s = content.s;
	for (int i = 0; i < LINES && s; i++) {
		lines[i] = s;
		s = strchr(s, '\n');
		if (s)
			*s++ = '\0';
	}
	if (!lines[LINE_PID] ||
	    text_to_long(text_trim(lines[LINE_PID]), 1, INT_MAX, &pid) < 0 ||
	    kill((pid_t)pid, 0) < 0 || !works_in((pid_t)pid, cluster->path))
		return 0;
	postmaster.pid = (pid_t)pid;
	if (lines[LINE_PORT])
		(void)text_to_long(text_trim(lines[LINE_PORT]), 1, 65535, &postmaster.port);
	if (lines[LINE_SOCKET])
		snprintf(postmaster.socket_directory, sizeof(postmaster.socket_directory),
			 "%s", text_trim(lines[LINE_SOCKET]));
	postmaster.ready = lines[LINE_STATUS] &&
			   text_equal(text_trim(lines[LINE_STATUS]), "ready");
	*ret = postmaster;
	return 1;
}
