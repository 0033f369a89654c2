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

#include "fault.h"
#include "tablespace.h"

/* The type that the reference policy gives to /var/lib/pgsql. */
#define SELINUX_DATA_TYPE "postgresql_db_t"

/* What is labelled: PGDATA, its password file and log beside it, and tablespaces. */
struct selinux_place {
	const char *data_directory;
	const struct tablespace_map *tablespaces;
	int cancel_fd;
};

struct selinux_look {
	bool enabled;
	bool needs_rule;   /* the policy has another type for one of them */
	bool needs_labels; /* one of them is labelled otherwise than the policy says */
};

int selinux_look(const struct selinux_place *place, struct selinux_look *ret,
		 struct fault *fault);

/* Adds a rule for each that the policy does not know. */
int selinux_add_rules(const struct selinux_place *place, struct fault *fault);

/* Restores the labels, as the files' owner. */
int selinux_restore(const struct selinux_place *place, struct fault *fault);

/* The regular expression of a directory's rule, as semanage takes it. */
void selinux_add_pattern(struct text *ret, const char *directory);

#endif
