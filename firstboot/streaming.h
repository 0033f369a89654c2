/*
 * streaming.h - the step that waits until a standby streams: both servers have to say so, since
 * programs that start a server also succeed when it cannot reach its primary.
 */
#ifndef PGREPL_STREAMING_H
#define PGREPL_STREAMING_H

#include "host.h"
#include "step.h"

step_check streaming_check;
step_apply streaming_apply;

#endif
