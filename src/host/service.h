/*
 * service.h - the server's unit, through systemctl(1). Everything but looking needs root.
 * systemctl of systemd 219 has neither "show --value" nor "start --wait".
 */
#pragma once

#include "base/fault.h"

enum { SERVICE_PATH_MAX = 1024 };

struct service_state {
	bool loaded; /* systemd knows the unit */
	bool masked; /* and it must not be started */
	bool active; /* or about to be */
	bool enabled;
	/* PGDATA from the unit's environment, drop-ins included, or "" */
	char pgdata[SERVICE_PATH_MAX];
};

enum service_action {
	SERVICE_START,
	SERVICE_RESTART,
	SERVICE_ENABLE,
};

int service_look(const char *unit, struct service_state *ret, struct fault *fault);

/*
 * Waits until it is done; after timeout_ms, -ETIMEDOUT, and the job goes on. If it fails to start,
 * the last FATAL line that it left in the journal is part of the fault's detail.
 */
int service_act(const char *unit, enum service_action action, long timeout_ms,
		struct fault *fault);

/* Parses the output of "systemctl show". Separate from its caller for the tests. */
void service_parse(char *output, struct service_state *ret);
