/*
 * ownership.h - the one thing that root does to files below PGDATA: give them to the
 * server's user.
 *
 * That user could plant links, so none is followed, neither in the path nor below it.
 * Files with more than one hard link are refused. Other file systems below are left
 * alone, and so is a key that root owns and the user's group may read (PostgreSQL manual,
 * "Secure TCP/IP Connections with SSL").
 */
#pragma once

#include "base/fault.h"

#include <sys/types.h>

/*
 * Gives the directory and everything below it to uid and gid. Refuses a directory that is
 * neither a cluster (PG_VERSION) nor empty (lost+found apart): it belongs to somebody
 * else. Returns how many entries it changed, or a negative errno.
 */
int ownership_repair(const char *path, uid_t uid, gid_t gid, struct fault *fault);

/*
 * Counts the entries that do not belong to uid, path itself included. Changes nothing. A
 * directory that cannot be read counts as one.
 */
int ownership_count(const char *path, uid_t uid, long *ret, struct fault *fault);
