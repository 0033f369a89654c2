/* configuration.h - the steps that write the server's parameters. */
#pragma once

#include "host.h"
#include "step.h"

/*
 * The parameters that our file sets in a new cluster, as they follow from the ini, the role, the
 * files that it has in staging and, for a standby, its primary (if that is known yet). 0, or a negative errno and the fault. The caller frees ret.
 */
int configuration_wanted(const struct host *host, struct pgconf *ret, struct fault *fault);

/* Those of them that the ini sets in a section of parameters. The caller frees ret. */
void configuration_own(const struct host *host, struct pgconf *ret);

/*
 * Our settings file is in host_directory(), and postgresql.conf includes it (P10, S4). The lines
 * below the first one of detail are the parameters that change on an existing cluster.
 */
step_check settings_check;
step_apply settings_apply;
/* The same check ahead of time: refuses what no later step can put right. */
step_check settings_look;

/* Is what the ini asks for what the server in PGDATA did not start with (previous.h)? */
bool settings_were_rejected(struct host *host);
