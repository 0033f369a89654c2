/*
 * scratch.h - a directory beside staging in which a configuration is tried. Between the two
 * calls, it is host_directory(): what writes the configuration writes it there.
 */
#pragma once

#include "host.h"

/* Makes it, empty: 0, or a negative errno and the fault. */
int scratch_open(struct host *host, struct fault *fault);

/* Removes it. To be called even if opening it has failed. */
void scratch_close(struct host *host);
