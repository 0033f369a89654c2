/*
 * configuration.h - the steps that write the server's parameters.
 */
#ifndef PGREPL_CONFIGURATION_H
#define PGREPL_CONFIGURATION_H

#include "host.h"
#include "step.h"

/*
 * What the ini, the role and, for a standby, its primary ask for. The caller frees ret. A
 * standby whose primary is not known yet gets what it would have without it.
 */
void configuration_wanted(const struct host *host, struct pgconf *ret);

/* Our settings file in host_directory(), and postgresql.conf that includes it (P10, S4). */
step_check settings_check;
step_apply settings_apply;

/*
 * The server's program accepts them: tried in a directory that has the configuration and
 * nothing else, which is gone afterwards. That leaves nothing to look at: check reports what
 * apply has seen in this run, and a dry run always finds it needed.
 */
step_check tried_check;
step_apply tried_apply;

#endif
