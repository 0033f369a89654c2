/* configuration.h - the steps that write the server's parameters. */
#pragma once

#include "host.h"
#include "step.h"

/*
 * The parameters that follow from the ini, the role and, for a standby, its primary (if
 * that is known yet). The caller frees ret.
 */
void configuration_wanted(const struct host *host, struct pgconf *ret);

/* Our settings file is in host_directory(), and postgresql.conf includes it (P10, S4). */
step_check settings_check;
step_apply settings_apply;

/*
 * The server's program accepts them: apply tries them in a directory that holds nothing
 * but the configuration, and removes it. That leaves nothing to look at, so check reports
 * what apply found in this run, and a dry run always finds it needed.
 */
step_check tried_check;
step_apply tried_apply;
