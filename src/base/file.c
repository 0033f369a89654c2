#include "base/file.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_AT_ONCE = 4096,
	/* a device, a directory, and options, which may be truncated */
	MOUNT_NAMES_MAX = 4 * PATH_MAX,
};

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int file_steal(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

void file_close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
	*dir = NULL;
}

const struct dirent *file_next(DIR *dir)
{
	const struct dirent *entry;

	do
		entry = readdir(dir);
	while (entry && (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..")));
	return entry;
}

int file_read_fd(int fd, size_t max, struct text *ret)
{
	size_t before = ret->len;
	int r = 0;

	for (;;) {
		ssize_t n = read(fd, text_room(ret, READ_AT_ONCE), READ_AT_ONCE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return 0;
		if (n < 0)
			r = -errno;
		else
			text_fill(ret, (size_t)n);
		if (ret->len - before > max)
			r = -EFBIG;
		if (r < 0) {
			text_shorten(ret, before);
			return r;
		}
	}
}

int file_open(const char *path)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		/* a socket, or a device without a driver */
		return errno == ENXIO || errno == ENODEV ? -FILE_NOT_REGULAR : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? file_steal(&fd) : -FILE_NOT_REGULAR;
}

int file_read(const char *path, size_t max, struct text *ret)
{
	FD_AUTO fd = file_open(path);

	return fd < 0 ? fd : file_read_fd(fd, max, ret);
}

int file_write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

bool file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int file_is_empty(const char *path, const char *ours)
{
	DIR_AUTO dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = file_next(dir)))
		if (!ours || !(text_equal(entry->d_name, "lost+found") ||
			       text_starts_with(entry->d_name, ours)))
			return 0;
	return 1;
}

char *file_real_path(const char *path)
{
	char *real = realpath(path, NULL);

	/* it exists, but cannot be resolved: a dangling symbolic link */
	if (!real && errno == ENOENT && file_exists(path)) {
		errno = ENOLINK;
	} else if (!real && errno == ENOENT) {
		STRING_AUTO copy = text_copy(path);
		STRING_AUTO copy2 = text_copy(path);
		STRING_AUTO parent = realpath(dirname(copy), NULL);

		if (parent)
			real = text_format("%s/%s", text_equal(parent, "/") ? "" : parent,
					   basename(copy2));
	}
	return real;
}

bool file_is_same(const char *a, const char *b)
{
	struct stat a_st, b_st;

	return stat(a, &a_st) == 0 && stat(b, &b_st) == 0 && a_st.st_dev == b_st.st_dev &&
	       a_st.st_ino == b_st.st_ino;
}

void file_tidy_path(char *path)
{
	char *to = path;

	if (*path != '/')
		return;
	for (const char *from = path; *from;) {
		size_t len = strcspn(from + 1, "/") + 1;

		if (len > 1 && !(len == 2 && from[1] == '.')) {
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

bool file_paths_overlap(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (!*a && (!*b || *b == '/')) || (!*b && *a == '/');
}

bool file_is_mount_point(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char names[MOUNT_NAMES_MAX];
	struct mntent mount;
	bool found = false;

	while (mounts && !found && getmntent_r(mounts, &mount, names, sizeof(names)))
		found = text_equal(mount.mnt_dir, path);
	if (mounts)
		endmntent(mounts);
	return found;
}

static int sync_path(const char *path, int flags)
{
	FD_AUTO fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_sync(const char *path)
{
	return sync_path(path, O_RDONLY);
}

int file_sync_parent(const char *path)
{
	STRING_AUTO copy = text_copy(path);

	return sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
}

static bool file_has(const char *path, mode_t mode, const char *data, size_t len)
{
	SECRET_AUTO content = { { 0 } }; /* like a password file */
	struct stat st;

	if (stat(path, &st) < 0 || (st.st_mode & 07777) != mode || st.st_size != (off_t)len)
		return false;
	return file_read(path, len, secret_text(&content)) == 0 &&
	       secret_len(&content) == len &&
	       memcmp(secret_reveal(&content), data, len) == 0;
}

/* The mode of the file, or 0600 for a new one. */
static mode_t kept_mode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0600;
}

int file_replace(const char *path, mode_t mode, const char *data, size_t len)
{
	STRING_AUTO target = realpath(path, NULL);
	STRING_AUTO temporary = NULL;
	FD_AUTO fd = -1;
	int r;

	if (!target)
		target = text_copy(path);
	if (mode == FILE_KEEP_MODE)
		mode = kept_mode(target);
	if (file_has(target, mode, data, len))
		return 0;
	/* a fixed name: the next run replaces what a crash left, perhaps a secret */
	temporary = text_format("%s.pgrepl-new", target);
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, len);
	if (r == 0 &&
	    (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, target) < 0))
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return r;
	}
	r = file_sync_parent(target);
	return r < 0 ? r : 1;
}

int file_put(const char *path, mode_t mode, const char *data, size_t len, struct fault *fault)
{
	int r = file_replace(path, mode, data, len);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"", path)
		     : 0;
}

/* Opens a directory below dir_fd for reading; does not follow a link. */
static DIR *open_dir_at(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

static int walk_dir(DIR *dir, dev_t device, file_visit visit, void *arg)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = file_next(dir))) {
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return -errno;
		}
		if (st.st_dev != device)
			continue;
		r = visit(arg, dirfd(dir), entry->d_name, &st);
		if (r == 0 && S_ISDIR(st.st_mode)) {
			DIR_AUTO child = open_dir_at(dirfd(dir), entry->d_name);

			if (!child && errno == ENOENT)
				continue;
			if (!child)
				return -errno;
			r = walk_dir(child, device, visit, arg);
		}
	}
	return r < 0 ? r : -errno;
}

int file_walk(const char *path, file_visit visit, void *arg)
{
	DIR_AUTO dir = open_dir_at(AT_FDCWD, path);
	struct stat st;

	if (!dir || fstat(dirfd(dir), &st) < 0)
		return -errno;
	return walk_dir(dir, st.st_dev, visit, arg);
}

/* arg points to the flags of sync_file_range(2). */
static int write_back(void *arg, int dir_fd, const char *name, const struct stat *st)
{
	const unsigned int *flags = arg;
	FD_AUTO fd = -1;

	if (!S_ISREG(st->st_mode))
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_file_range(fd, 0, 0, *flags) < 0 ? -errno : 0;
}

/*
 * An fsync(2) for each of a thousand files flushes the disk's cache a thousand times; one
 * syncfs(2) does it once. But it does not report files that could not be written (before
 * Linux 5.8; before 4.4 it even clears their errors), so each file is asked first.
 */
static int sync_one_tree(const char *path)
{
	unsigned int start = SYNC_FILE_RANGE_WRITE;
	unsigned int wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER;
	FD_AUTO fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_walk(path, write_back, &start);
	if (r == 0)
		r = file_walk(path, write_back, &wait);
	if (r == 0 && syncfs(fd) < 0)
		r = -errno;
	/* a failed journal is reported here */
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

/* Syncs the directory that a link points to; anything else has been synced already. */
static int sync_linked(const char *path)
{
	STRING_AUTO target = NULL;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISLNK(st.st_mode))
		return 0;
	target = realpath(path, NULL);
	return target ? sync_one_tree(target) : -errno;
}

int file_sync_tree(const char *path)
{
	STRING_AUTO wal = text_format("%s/pg_wal", path);
	STRING_AUTO tablespaces = text_format("%s/pg_tblspc", path);
	const struct dirent *entry;
	DIR_AUTO dir = NULL;
	int r = sync_one_tree(path);

	if (r == 0)
		r = sync_linked(wal);
	if (r < 0)
		return r;
	dir = opendir(tablespaces);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = file_next(dir))) {
		STRING_AUTO link = text_format("%s/%s", tablespaces, entry->d_name);

		r = sync_linked(link);
	}
	return r;
}

static int remove_at(int dir_fd, const char *name)
{
	const struct dirent *entry;
	DIR_AUTO dir = NULL;
	int r = 0;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	dir = open_dir_at(dir_fd, name);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = file_next(dir)))
		r = remove_at(dirfd(dir), entry->d_name);
	if (r == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int file_remove_tree(const char *path)
{
	return remove_at(AT_FDCWD, path);
}
