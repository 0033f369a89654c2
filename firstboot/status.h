/*
 * status.h - what the local server is and does, for a person or as one JSON object, on
 * standard output.
 */
#ifndef PGREPL_STATUS_H
#define PGREPL_STATUS_H

#include "host.h"

/*
 * Whichever role it was set up for. Returns 0 when it answers and, as a standby, streams;
 * else a negative errno and the fault.
 */
int status_print(struct host *host, bool json, struct fault *fault);

#endif
