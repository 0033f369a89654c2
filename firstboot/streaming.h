/*
 * streaming.h - the step that waits until a standby streams. Both servers have to report
 * it, since starting a server also succeeds when it cannot reach its primary.
 */
#pragma once

#include "host.h"
#include "step.h"

step_check streaming_check;
step_apply streaming_apply;
