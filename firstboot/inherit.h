/*
 * inherit.h - what the configuration of a clone says that was meant for its primary: the
 * rules of settings/inherited.h, applied to files in staging. An adopted standby's are its
 * own by now, and are left alone.
 */
#pragma once

#include "host.h"

struct inherited_found {
	struct text names; /* of what is neutralised, separated by ", " */
	bool changes;      /* the files are not yet as they should be */
	char *rules;       /* the primary's pg_hba.conf is elsewhere: its path */
	char *ca;          /* likewise its ssl_ca_file */
};

void inherit_free(struct inherited_found *found);
#define INHERIT_AUTO CLEANUP(inherit_free) struct inherited_found

/*
 * Looks at postgresql.conf, the files that it includes and postgresql.auto.conf in
 * host_directory(). A line that sets what has to be neutralised would become a comment; if it is
 * in a file of this host's, which is not touched, postgresql.conf gets a line that
 * overrides it. A parameter of [standby.settings] is not looked at: it wins. 0, or a negative
 * errno and the fault: a parameter has to be refused, or a file could not be read.
 */
int inherit_look(const struct host *host, struct inherited_found *ret, struct fault *fault);

/* The same, and does it. */
int inherit_apply(const struct host *host, struct inherited_found *ret, struct fault *fault);
