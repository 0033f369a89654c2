/*
 * file.h - files and directory trees, written so that a crash leaves the old
 * state or the new one.
 *
 * All functions return 0 or a negative errno unless they say otherwise, log
 * nothing, and act as the calling user.
 */
#pragma once

#include "base/fault.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Closes a descriptor variable: CLEANUP(file_close) int fd = -1. */
void file_close(int *fd);
#define FD_AUTO CLEANUP(file_close) int

/* Takes the descriptor out of such a variable, for the caller to keep. */
int file_steal(int *fd);

/* Closes a directory variable, if open; its next entry other than "." and "..". */
void file_close_dir(DIR **dir);
const struct dirent *file_next(DIR *dir);
#define DIR_AUTO CLEANUP(file_close_dir) DIR *

/*
 * Opens a regular file for reading: a descriptor, or a negative errno. Never waits for the
 * writer of a FIFO. -FILE_NOT_REGULAR for a directory, a device and the like; fault_errno()
 * words it.
 */
#define FILE_NOT_REGULAR EMEDIUMTYPE
int file_open(const char *path);

/* Appends a file to ret, reading directly into it; -EFBIG if longer than max bytes. */
int file_read(const char *path, size_t max, struct text *ret);
int file_read_fd(int fd, size_t max, struct text *ret);

/* Writes all of it. */
int file_write_all(int fd, const char *data, size_t len);

/*
 * Gives path this content and mode: temporary file beside it (NAME.pgrepl-new: one writer
 * at a time), write, fsync, rename, fsync of the directory. If path is a symbolic link,
 * its target is replaced. FILE_KEEP_MODE keeps the mode, or is 0600 for a new file.
 * Returns 1 if something was written, 0 if content and mode were right already.
 */
#define FILE_KEEP_MODE ((mode_t)-1)
int file_replace(const char *path, mode_t mode, const char *data, size_t len);

/* The same, with a failure as a fault: 0 or a negative errno. */
int file_put(const char *path, mode_t mode, const char *data, size_t len,
	     struct fault *fault);

bool file_exists(const char *path);

/*
 * Is the directory empty: 1, 0, or a negative errno? If ours is not NULL, then lost+found and
 * names that begin with ours do not count.
 */
int file_is_empty(const char *path, const char *ours);

/*
 * The path with links resolved; only its parent has to exist. The caller frees it. NULL
 * and errno on failure, ENOLINK for a dangling link.
 */
char *file_real_path(const char *path);

/* Do both paths, with links resolved, name the same file? */
bool file_is_same(const char *a, const char *b);

/* Removes "//", "/./" and a trailing "/" from an absolute path. */
void file_tidy_path(char *path);

/* As written, are two absolute paths the same, or one below the other? */
bool file_paths_overlap(const char *a, const char *b);

/* Is a file system mounted on exactly this path (without links)? */
bool file_is_mount_point(const char *path);

/* Makes one file's content survive a crash. */
int file_sync(const char *path);

/* Makes names created, renamed or removed in the directory of path survive a crash. */
int file_sync_parent(const char *path);

/*
 * Makes a whole tree durable: starts writing everything, waits for each file, then syncs
 * the file system (including what others have written). Follows only the links of pg_wal
 * and in pg_tblspc.
 */
int file_sync_tree(const char *path);

/* Removes a tree without following links. If there is none, that is success. */
int file_remove_tree(const char *path);

/*
 * Calls visit for every entry below path, parents before their content, without following
 * links or entering another file system. A negative return of visit ends the walk and is
 * returned; entries that vanish are ignored. dir_fd and name are for the *at() calls,
 * which a renamed parent cannot redirect.
 */
typedef int (*file_visit)(void *arg, int dir_fd, const char *name, const struct stat *st);
int file_walk(const char *path, file_visit visit, void *arg);
