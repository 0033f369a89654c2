/*
 * hba_rules.h - pg_hba.conf as the running server reads it: the view pg_hba_file_rules.
 *
 * The view shows the file as it is on disk, whether or not it has been loaded. So the server's own
 * parser answers what would take another one: included files and lists, groups, regular
 * expressions, netmasks. All functions need a superuser.
 */
#pragma once

#include "postgresql/db.h"
#include "postgresql/hba.h"

/* The first error in the file as a fault: -EINVAL. It would keep the server from loading any rule. */
int hba_rules_valid(struct db *db, struct fault *fault);

/* Adds all rules but those in our blocks, in their order, with everything but the line. */
int hba_rules_of_others(struct db *db, const struct hba_file *file, struct text *ret,
			struct fault *fault);

/* The address that a host logs in from to itself: if it listens on a name, the usual one. */
const char *hba_rules_address(const char *listen_host);

/*
 * Where each target's rule belongs, for hba_merge(): before the first rule that matches all of its
 * connections, and so after the rules for a part of them; there it overrides that one alone. Three are
 * not overridden: one that demands a certificate, one that an included file has after another about
 * replication, and for the target self one that rejects that very address. Then ours has no effect,
 * which *ret_notes says of the first two. A rule of ours that precedes that one already stays where it
 * is. self is the address that this host logs in from.
 */
int hba_rules_place(struct db *db, const struct hba *hba, const struct hba_file *file,
		    const struct major *major, const char *self, size_t *ret_before,
		    struct text *ret_notes, struct fault *fault);

/*
 * Adds "FILE:LINE" of the first rule, ours included, that matches replication by this role from this
 * address; nothing if there is none.
 */
int hba_rules_match(struct db *db, const char *user, bool tls, const struct major *major,
		    const char *self, struct text *ret, struct fault *fault);
