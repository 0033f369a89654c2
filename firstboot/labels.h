/*
 * labels.h - the steps about SELinux. Where it is not enabled, or we are not root, they
 * are done and say why.
 */
#pragma once

#include "host.h"
#include "step.h"

/* The policy has a rule for every directory. */
step_check label_rules_check;
step_apply label_rules_apply;

/* The directories are labelled as the rules require. */
step_check labels_check;
step_apply labels_apply;
