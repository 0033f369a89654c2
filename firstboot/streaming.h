/*
 * streaming.h - the step that waits until a standby streams: both servers have to say so, since
 * programs that start a server also succeed when it cannot reach its primary.
 */
#ifndef PGREPL_STREAMING_H
#define PGREPL_STREAMING_H

#include "host.h"
#include "step.h"

enum step_state streaming_check(struct host *host, struct text *detail,
				struct fault *fault);
int streaming_apply(struct host *host, struct fault *fault);

#endif
