/*
 * file.h - files and directory trees, written so that a crash leaves the old
 * state or the new one.
 *
 * All functions return 0 or a negative errno unless they say otherwise, log
 * nothing, and act as the calling user.
 */
#pragma once

#include "base/fault.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Closes a descriptor variable: CLEANUP(file_close) int fd = -1. */
void file_close(int *fd);
#define FD_AUTO CLEANUP(file_close) int

/* Takes the descriptor out of such a variable, for the caller to keep. */
int file_steal(int *fd);

/*
 * Appends the whole of a file to ret, whose memory it is read into; -EFBIG when it is
 * longer than max bytes.
 */
int file_read(const char *path, size_t max, struct text *ret);
int file_read_fd(int fd, size_t max, struct text *ret);

/* Writes all of it, whatever write(2) does by pieces. */
int file_write_all(int fd, const char *data, size_t len);

/*
 * Gives path this content and mode: a temporary file beside it (NAME.pgrepl-new: one
 * writer at a time), full write, fsync, rename, fsync of the directory. A symbolic link
 * keeps pointing where it points; its target is replaced. FILE_KEEP_MODE leaves the mode
 * that it has, and is 0600 for a new file. Returns 1 when something was written, 0 when
 * content and mode were right already and nothing was touched.
 */
#define FILE_KEEP_MODE ((mode_t)-1)
int file_replace(const char *path, mode_t mode, const char *data, size_t len);

/* The same with its failure as a fault: 0 or a negative errno. */
int file_put(const char *path, mode_t mode, const char *data, size_t len,
	     struct fault *fault);

bool file_exists(const char *path);

/*
 * The path without links, also of what does not exist yet and has a parent that does.
 * Caller frees; NULL and errno, ENOLINK when it is a link that leads nowhere.
 */
char *file_real_path(const char *path);

/* Do both paths, links followed, lead to one file? */
bool file_is_same(const char *a, const char *b);

/*
 * Takes "//", "/./" and "/" at the end out of an absolute path; any other stays as it is.
 */
void file_tidy_path(char *path);

/* Is one of two absolute paths the other, or below it, as they are written? */
bool file_paths_overlap(const char *a, const char *b);

/* Is a file system mounted on exactly this path (which has no links in it)? */
bool file_is_mount_point(const char *path);

/* Makes one file's content survive a crash. */
int file_sync(const char *path);

/* Makes names created, renamed or removed in the directory of path survive a crash. */
int file_sync_parent(const char *path);

/*
 * Makes a whole tree durable: has everything written, waits for each file, then syncs the
 * file system (what others have written to it included). Follows the links of pg_wal and
 * of pg_tblspc, which a tree that we made can have, and no others.
 */
int file_sync_tree(const char *path);

/* Removes a tree without following links. Nothing there is success. */
int file_remove_tree(const char *path);

/*
 * Calls visit for every entry below path, depth first, parents before their content,
 * without following links or crossing into another file system. A negative return of
 * visit ends the walk and is returned; -ENOENT of vanished entries is passed over. dir_fd
 * and name are for the *at() calls: they cannot be redirected by a renamed parent.
 */
typedef int (*file_visit)(void *arg, int dir_fd, const char *name, const struct stat *st);
int file_walk(const char *path, file_visit visit, void *arg);
