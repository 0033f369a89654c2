/*
 * recovery.h - the step that makes a clone a standby (S3): standby.signal, and nothing
 * inherited from the primary that overrides our parameters.
 */
#pragma once

#include "host.h"
#include "step.h"

/*
 * The second half alone, in host_directory(). Adds the names of the parameters that were
 * switched off to ret_names.
 */
int recovery_strip(struct host *host, struct text *ret_names, struct fault *fault);

step_check recovery_check;
step_apply recovery_apply;
