/* present.h - what the configuration of the cluster in PGDATA says, before setup changes it. */
#pragma once

#include "host.h"
#include "postgresql/conf_lines.h"

struct present {
	struct conf_lines lines;
	struct pgconf defaults; /* of parameters that no line sets */
	bool elsewhere; /* the running server's configuration file is another one */
};

void present_free(struct present *present);
#define PRESENT_AUTO CLEANUP(present_free) struct present

/*
 * Reads its files, and from a running server also its command line. defaults gets what the
 * table of parameters and the ini can ask for.
 */
int present_look(struct host *host, struct present *ret, struct fault *fault);

/* What a parameter is that no line sets, or NULL if the server does not say. */
const char *present_default(const struct host *host, struct present *present,
			    const char *name);
