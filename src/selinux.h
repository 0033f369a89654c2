/*
 * selinux.h - the labels that SELinux's policy wants the server's files to have.
 *
 * By the tools of libselinux-utils, policycoreutils and, for a data directory that the
 * policy does not know, semanage(8). Needs root. Where selinuxenabled(8) is missing or says no,
 * all of it is done.
 */
#ifndef PGREPL_SELINUX_H
#define PGREPL_SELINUX_H

#include "fault.h"

/* The type that the reference policy gives to /var/lib/pgsql. */
#define SELINUX_DATA_TYPE "postgresql_db_t"

struct selinux_look {
	bool enabled;
	bool needs_rule;   /* the policy has another type for the directory */
	bool needs_labels; /* files there are labelled otherwise than the policy says */
};

int selinux_look(const char *directory, int cancel_fd, struct selinux_look *ret,
		 struct fault *fault);

/* Adds the rule when the policy lacks one, then restores the labels. */
int selinux_label(const char *directory, int cancel_fd, struct fault *fault);

#endif
