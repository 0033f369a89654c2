/*
 * selinux.h - the labels that the SELinux policy requires for the server's files.
 *
 * Uses the tools of libselinux-utils, policycoreutils and, for a directory that the
 * policy does not know, semanage(8). If selinuxenabled(8) is missing or fails, there is
 * nothing to do.
 *
 * Only selinux_add_rules() needs root, and it touches no file. Labels are restored by the
 * owner of the files: root could be led astray by that user moving things meanwhile.
 */
#pragma once

#include "base/fault.h"

/* The type that the reference policy gives to /var/lib/pgsql. */
#define SELINUX_DATA_TYPE "postgresql_db_t"

/*
 * What is labelled: PGDATA and the log beside it, the tablespaces, and the password file.
 * Links in their paths are followed.
 */
struct selinux_place {
	const char *const *directories; /* as configured; ends in NULL */
	const char *passfile; /* need not exist; not used by selinux_add_rules() */
};

/* What has to be done, as an administrator would type it. */
struct selinux_look {
	bool enabled;
	struct text rules; /* one semanage call per directory without a rule */
	/* not run by root: somebody else may control where a link leads */
	struct text by_hand;
	struct text labels; /* one restorecon call, for those with another label */
};

/* ret has to be freed even on failure. */
int selinux_look(const struct selinux_place *place, struct selinux_look *ret,
		 struct fault *fault);
void selinux_look_free(struct selinux_look *look);
#define SELINUX_LOOK_AUTO CLEANUP(selinux_look_free) struct selinux_look

/* Adds a rule for each directory that has none, unless its path contains a link. */
int selinux_add_rules(const struct selinux_place *place, struct fault *fault);

/*
 * Restores the labels, as the owner of the files. That of the directory itself comes
 * last: selinux_look() concludes from it that the others are done.
 */
int selinux_restore(const struct selinux_place *place, struct fault *fault);
