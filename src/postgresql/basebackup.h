/*
 * basebackup.h - what the complaints of pg_basebackup mean.
 *
 * It reports errors as text only (in English, thanks to LC_ALL=C), its own as well as those of the
 * server that it copies, in which libpq leaves "ERROR:  " or "FATAL:  ". So the same words can be about
 * either host.
 */
#pragma once

#include "base/fault.h"

/*
 * Turns its first error into a fault: one that has to be repaired, with the host where, or one that may
 * pass. primary is how the operator knows the server.
 */
void basebackup_fault(const char *complaint, const char *primary, struct fault *fault);
