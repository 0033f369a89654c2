/*
 * labels.h - the steps about SELinux, where it is enabled and we have root; elsewhere they say
 * why there is nothing to do.
 */
#ifndef PGREPL_LABELS_H
#define PGREPL_LABELS_H

#include "host.h"
#include "step.h"

/* The policy has a rule for every directory. */
enum step_state label_rules_check(struct host *host, struct text *detail,
				  struct fault *fault);
int label_rules_apply(struct host *host, struct fault *fault);

/* What is in the directories is labelled by these rules. */
enum step_state labels_check(struct host *host, struct text *detail, struct fault *fault);
int labels_apply(struct host *host, struct fault *fault);

#endif
