/*
 * kept.h - the step about a complete clone that an earlier run has made and could not put in
 * place, because of a setting for example: it is not copied again.
 */
#pragma once

#include "host.h"
#include "step.h"

/*
 * There is none; or the upstream server still has what it needs, and setup goes on with it
 * (host->cluster.keep); or it is cleared, with the reason.
 */
step_check kept_check;
step_apply kept_apply;
