/* in_force.h - whether the server runs with what its configuration files say. */
#pragma once

#include "host.h"
#include "step.h"

/* The values in the files are in force in the server (P10, P11, S4). */
step_check in_force_check;
step_apply in_force_apply;

/*
 * Has the server read its configuration files since they were written? 1, 0, or a
 * negative errno. The second makes it do so, and waits until it has.
 */
int in_force_loaded(struct host *host, struct fault *fault);
int in_force_reload(struct host *host, struct fault *fault);
