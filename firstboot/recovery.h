/*
 * recovery.h - the step that makes a clone a standby (S3): standby.signal, and nothing that it
 * brings along from the primary may win over our parameters.
 */
#ifndef PGREPL_RECOVERY_H
#define PGREPL_RECOVERY_H

#include "host.h"
#include "step.h"

step_check recovery_check;
step_apply recovery_apply;

#endif
