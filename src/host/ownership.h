/*
 * ownership.h - the one thing that root does to files below PGDATA: give them to their
 * server's user.
 *
 * The user could plant links, so no link is followed: not in the path, not below it.
 * Entries with more than one hard link are refused, other file systems below are left
 * alone, and so is a key that root owns and the user's group may read (PostgreSQL manual,
 * "Secure TCP/IP Connections with SSL").
 */
#ifndef PGREPL_OWNERSHIP_H
#define PGREPL_OWNERSHIP_H

#include "base/fault.h"

#include <sys/types.h>

/*
 * Gives the directory and all below it to uid and gid. Refuses what is neither a cluster
 * (PG_VERSION) nor empty but for lost+found: that is somebody else's. Returns how many
 * entries it changed, or a negative errno.
 */
int ownership_repair(const char *path, uid_t uid, gid_t gid, struct fault *fault);

/*
 * Counts the entries, path itself included, that do not belong to uid; looks, and changes
 * nothing. A directory that cannot be read counts.
 */
int ownership_count(const char *path, uid_t uid, long *ret, struct fault *fault);

#endif
