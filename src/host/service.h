/*
 * service.h - the server's unit, by systemctl(1). All but looking needs root. systemctl of
 * 219 has neither "show --value" nor "start --wait".
 */
#ifndef PGREPL_SERVICE_H
#define PGREPL_SERVICE_H

#include "base/fault.h"

enum { SERVICE_PATH_MAX = 1024 };

struct service_state {
	bool loaded; /* systemd knows the unit */
	bool masked; /* and may not start it */
	bool active; /* or about to be */
	bool enabled;
	/* PGDATA of the unit's environment, drop-ins included, or "" */
	char pgdata[SERVICE_PATH_MAX];
};

enum service_action {
	SERVICE_START,
	SERVICE_RESTART,
	SERVICE_ENABLE,
};

int service_look(const char *unit, struct service_state *ret, struct fault *fault);

/*
 * Waits until it is done, or timeout_ms: then -ETIMEDOUT, and systemd goes on with the
 * job.
 */
int service_act(const char *unit, enum service_action action, long timeout_ms,
		struct fault *fault);

/*
 * Reads what "systemctl show" printed. Apart from its caller so that a test can feed it.
 */
void service_parse(char *output, struct service_state *ret);

#endif
