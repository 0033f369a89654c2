#include "host/ownership.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OURS                                                                             \
	".pgrepl-staging" /* what cluster.c creates in a mount point begins with this */

/* Opens an absolute path component by component, so that no link in it is followed. */
static int open_without_links(const char *path)
{
	STRING_AUTO copy = text_copy(path);
	char *rest = copy, *component;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && (component = strtok_r(rest, "/", &rest))) {
		int next = openat(fd, component,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;

		close(fd);
		if (next < 0)
			return -error;
		fd = next;
	}
	return fd < 0 ? -errno : fd;
}

struct repair {
	uid_t uid;
	gid_t gid;
	int changed;
	bool hard_link;
};

/*
 * A key that root owns and the server's group may read: PostgreSQL accepts it, but would
 * reject it with this mode if the user owned it.
 */
static bool is_lent_by_root(const struct stat *st, gid_t gid)
{
	return S_ISREG(st->st_mode) && st->st_uid == 0 && st->st_gid == gid &&
	       (st->st_mode & 077) == 040;
}

static int repair_entry(void *arg, int dir_fd, const char *name, const struct stat *seen)
{
	struct repair *repair = arg;
	FD_AUTO fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	(void)seen;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* what was looked at is what is changed, whatever the name refers to by now */
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid == repair->uid || is_lent_by_root(&st, repair->gid))
		return 0;
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
		repair->hard_link = true;
		return -EMLINK;
	}
	if (fchownat(fd, "", repair->uid, repair->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	repair->changed++;
	return 0;
}

int ownership_repair(const char *path, uid_t uid, gid_t gid, struct fault *fault)
{
	struct repair repair = { .uid = uid, .gid = gid };
	FD_AUTO fd = open_without_links(path);
	STRING_AUTO self = text_format("/proc/self/fd/%d/.", fd);
	struct stat st;
	int r;

	if (fd < 0) {
		fault_errno(fault, FAULT_OPERATOR, fd == -ENOTDIR ? -ELOOP : fd,
			    "could not repair the ownership of \"%s\"", path);
		return fault_hint(fault,
				  "Symbolic links in its path are not followed: run chown -R by hand.");
	}
	if (faccessat(fd, "PG_VERSION", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    file_is_empty(self, OURS) <= 0) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" is neither empty nor a PostgreSQL data directory", path);
		fault_hint(fault,
			   "Its content was not changed: name another data_directory.");
		return -ENOTEMPTY;
	}
	if (fstat(fd, &st) < 0)
		return fault_errno(fault, FAULT_OPERATOR, -errno,
				   "could not look at \"%s\"", path);
	if (st.st_uid != uid) {
		if (fchown(fd, uid, gid) < 0)
			return fault_errno(fault, FAULT_OPERATOR, -errno,
					   "could not change the owner of \"%s\"", path);
		repair.changed++;
	}
	r = file_walk(self, repair_entry, &repair);
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r,
			    "could not repair the ownership below \"%s\"", path);
		if (repair.hard_link)
			fault_hint(fault,
				   "A file there has a second hard link: see \"find %s -links +1 ! -type d\".",
				   path);
		return r;
	}
	return repair.changed;
}

struct count {
	uid_t uid;
	long others;
};

static int count_entry(void *arg, int dir_fd, const char *name, const struct stat *st)
{
	struct count *count = arg;

	(void)dir_fd;
	(void)name;
	if (st->st_uid != count->uid && !is_lent_by_root(st, getegid()))
		count->others++;
	return 0;
}

int ownership_count(const char *path, uid_t uid, long *ret, struct fault *fault)
{
	struct count count = { .uid = uid };
	struct stat st;
	int r;

	if (stat(path, &st) < 0) {
		*ret = 0;
		return errno == ENOENT ? 0
				       : fault_errno(fault, FAULT_OPERATOR, -errno,
						     "could not look at \"%s\"", path);
	}
	if (st.st_uid != uid)
		count.others++;
	r = file_walk(path, count_entry, &count);
	if (r == -EACCES)
		count.others++;
	else if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	*ret = count.others;
	return 0;
}
