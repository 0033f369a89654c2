/*
 * recovery.h - the step that makes a clone a standby (S3): standby.signal, and nothing
 * inherited from the primary that overrides our parameters.
 */
#pragma once

#include "host.h"
#include "step.h"

step_check recovery_check;
step_apply recovery_apply;
