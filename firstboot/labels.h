/*
 * labels.h - the steps about SELinux, where it is enabled and we have root; elsewhere they say
 * why there is nothing to do.
 */
#ifndef PGREPL_LABELS_H
#define PGREPL_LABELS_H

#include "host.h"
#include "step.h"

/* The policy has a rule for every directory. */
step_check label_rules_check;
step_apply label_rules_apply;

/* What is in the directories is labelled by these rules. */
step_check labels_check;
step_apply labels_apply;

#endif
