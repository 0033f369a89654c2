/*
 * recovery.h - the step that makes a clone a standby (S3): standby.signal, and nothing that it
 * brings along from the primary may win over our parameters.
 */
#ifndef PGREPL_RECOVERY_H
#define PGREPL_RECOVERY_H

#include "host.h"
#include "step.h"

enum step_state recovery_check(struct host *host, struct text *detail,
			       struct fault *fault);
int recovery_apply(struct host *host, struct fault *fault);

#endif
