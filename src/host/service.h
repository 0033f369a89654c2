/*
 * service.h - starting and stopping the server: by systemd, or by pg_ctl where there is
 * none.
 *
 * The systemd functions run systemctl(1) and need root for all but looking. systemctl of
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
 * The same two actions by pg_ctl, as the owner of the data. The server's log goes to log,
 * unless the server's own logging collector takes it.
 */
int service_pg_ctl(const char *bin_directory, const char *data_directory, const char *log,
		   enum service_action action, long timeout_ms, struct fault *fault);

/*
 * Reads what "systemctl show" printed. Apart from its caller so that a test can feed it.
 */
void service_parse(char *output, struct service_state *ret);

#endif
