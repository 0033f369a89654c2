/*
 * kept.h - the step about a complete clone that an earlier run has made and could not put in
 * place, because of a setting for example: it is not copied again.
 */
#pragma once

#include "host.h"
#include "step.h"

/*
 * There is none; or the upstream server still has what it needs, and setup goes on with it
 * (host->cluster.keep). It is cleared, with the reason, only if it is of no use any more: its
 * WAL was removed, or the server was promoted without all of it. It is refused for a reason
 * that the ini can put right: another system, an old primary, other tablespaces.
 */
step_check kept_check;
step_apply kept_apply;
