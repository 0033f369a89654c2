/*
 * clone.h - the steps that bring the upstream's data here (S2): the password file that
 * pg_basebackup and the walreceiver read, and the base backup into staging.
 */
#ifndef PGREPL_CLONE_H
#define PGREPL_CLONE_H

#include "host.h"
#include "step.h"

enum step_state passfile_check(struct host *host, struct text *detail,
			       struct fault *fault);
int passfile_apply(struct host *host, struct fault *fault);

enum step_state clone_check(struct host *host, struct text *detail, struct fault *fault);
int clone_apply(struct host *host, struct fault *fault);

#endif
