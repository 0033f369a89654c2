/* obstacle.h - why a standby does not stream. */
#pragma once

#include "host.h"

/*
 * Looks for the reason, for a standby whose server runs but does not stream: at the server
 * itself, at the upstream, and by asking that for WAL as the walreceiver does. ret says
 * what it is: FAULT_RETRY if it may pass, and the walreceiver will go on by itself then,
 * or FAULT_OPERATOR, with what to do. To be asked again after a while: the state of both
 * servers changes.
 */
void obstacle_find(struct host *host, struct fault *ret);

/*
 * Can a standby that streams go on? A primary that was restored from an older backup, or
 * that was promoted before the standby had got this far, still sends the beginning of the
 * segment. 0, or a negative errno and the fault.
 */
int obstacle_check(struct host *host, const struct replication_state *state,
		   struct fault *fault);
