/*
 * status.h - the state of the local server on standard output, for people or as one JSON
 * object.
 */
#pragma once

#include "host.h"

/*
 * Reports the role that the server has now. Returns 0 if it answers and, being a standby,
 * streams; else a negative errno and the fault.
 */
int status_print(struct host *host, bool json, struct fault *fault);
