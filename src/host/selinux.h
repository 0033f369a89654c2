/*
 * selinux.h - the labels that SELinux's policy wants the server's files to have.
 *
 * By the tools of libselinux-utils, policycoreutils and, for a directory that the policy
 * does not know, semanage(8). Where selinuxenabled(8) is missing or says no, there is
 * nothing to do.
 *
 * Only selinux_add_rules() needs root, and it touches no file. Labels are restored by the
 * files' owner: root would follow where that user can move things meanwhile.
 */
#ifndef PGREPL_SELINUX_H
#define PGREPL_SELINUX_H

#include "base/fault.h"

/* The type that the reference policy gives to /var/lib/pgsql. */
#define SELINUX_DATA_TYPE "postgresql_db_t"

/*
 * What is labelled: PGDATA with the log beside it, tablespaces and the password file.
 * Links in their paths are followed.
 */
struct selinux_place {
	const char *const *directories; /* as configured; ends in NULL */
	const char *passfile; /* need not be there; unknown to selinux_add_rules() */
};

/* What is to be done, as an administrator would type it. */
struct selinux_look {
	bool enabled;
	struct text rules; /* a call of semanage for each that the policy does not know */
	/* those that root does not make: where a link leads may be up to somebody else */
	struct text by_hand;
	struct text labels; /* one of restorecon, for those that are labelled otherwise */
};

/* Also on failure ret is to be freed. */
int selinux_look(const struct selinux_place *place, struct selinux_look *ret,
		 struct fault *fault);
void selinux_look_free(struct selinux_look *look);
#define SELINUX_LOOK_AUTO CLEANUP(selinux_look_free) struct selinux_look

/* Adds a rule for each that the policy does not know and no link leads to. */
int selinux_add_rules(const struct selinux_place *place, struct fault *fault);

/*
 * Restores the labels, as the files' owner; a directory's own comes last, since
 * selinux_look() tells by it that the others were.
 */
int selinux_restore(const struct selinux_place *place, struct fault *fault);

#endif
