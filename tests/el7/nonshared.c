/*
 * nonshared.c - the calls that glibc 2.17 links into a program from its libc_nonshared.a.
 *
 * The compiler for these tests brings its own, which do not set errno when they fail.
 */
#define _GNU_SOURCE
#include <sys/stat.h>

enum { STAT_VERSION = 1, MKNOD_VERSION = 0 }; /* of x86_64 */

int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstatat(int version, int dir_fd, const char *path, struct stat *st, int flags);
int __xmknod(int version, const char *path, mode_t mode, dev_t *device);

int stat(const char *path, struct stat *st)
{
	return __xstat(STAT_VERSION, path, st);
}

int lstat(const char *path, struct stat *st)
{
	return __lxstat(STAT_VERSION, path, st);
}

int fstat(int fd, struct stat *st)
{
	return __fxstat(STAT_VERSION, fd, st);
}

int fstatat(int dir_fd, const char *path, struct stat *st, int flags)
{
	return __fxstatat(STAT_VERSION, dir_fd, path, st, flags);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
	return __xmknod(MKNOD_VERSION, path, mode, &device);
}
