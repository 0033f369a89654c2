/* collations.h - the step about locales: what the primary sorts by has to sort the same here. */
#pragma once

#include "host.h"
#include "step.h"

/*
 * Each difference is a warning, before a byte is copied. Refused only if this host cannot let
 * setup itself connect to a clone.
 */
step_check collations_check;
