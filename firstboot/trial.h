/*
 * trial.h - the steps that find out whether this host can run with what the primary's
 * configuration says: libraries, included directories, time zones, memory, values that its
 * build does not have. The configuration is tried in a directory of its own, by starting a
 * server that has no data.
 */
#pragma once

#include "host.h"
#include "step.h"

/*
 * The server's program accepts the names and values of our parameters, those of the ini among
 * them. Libraries and memory are left to a start, which is undone if it fails (in_force.h).
 */
step_check tried_check;

/*
 * With the primary's configuration, before a byte is copied. If the primary does not let it be
 * read, that is reported, and left to the second.
 */
step_check trial_before_check;
step_apply trial_before_apply;

/* With the configuration in staging, unless it was tried before. */
step_check trial_after_check;
step_apply trial_after_apply;
