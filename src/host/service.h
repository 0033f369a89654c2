/*
 * service.h - the server's unit, through systemctl(1). Everything but looking needs root.
 * systemctl of systemd 219 has neither "show --value" nor "start --wait".
 */
#pragma once

#include "base/fault.h"

#include <sys/types.h>

struct service_state {
	bool loaded; /* systemd knows the unit */
	bool masked; /* and it must not be started */
	bool active; /* or about to be */
	bool running;
	bool restarting; /* not active: it has failed, and Restart= will start it later */
	bool enabled;
	bool without_pgdata; /* UnsetEnvironment= (systemd 235) takes PGDATA away */
};

enum service_action {
	SERVICE_START,
	SERVICE_RESTART,
	SERVICE_ENABLE,
};

int service_look(const char *unit, struct service_state *ret, struct fault *fault);

/*
 * Waits until it is done; after timeout_ms, -ETIMEDOUT, and the job goes on. now: without waiting
 * for what the unit is ordered after. If it fails to start, the last FATAL line that it left in the
 * journal is part of the fault's detail.
 */
int service_act(const char *unit, enum service_action action, bool now, long timeout_ms,
		struct fault *fault);

/*
 * Would the start of a service wait for that of own, the one that this process is in, because it is
 * ordered after it: 1 or 0? Then it has to be started now; -EIO and the fault if that would be
 * without something that it requires.
 */
int service_waits_for(const char *unit, const char *own, struct fault *fault);

/* Is the unit in the output of "systemctl list-dependencies"? For the tests. */
bool service_is_listed(const char *output, const char *unit);

/* The service that this process is in, for the caller to free; NULL: in none. */
char *service_own(void);

/*
 * Does that service end when we do, so that systemd kills what is left in it? A server would be
 * killed that pg_ctl has started there.
 */
bool service_ends_with_us(const char *own);

/* The same of the output of "systemctl show", for the tests; pid is ours. */
bool service_ends_with(const char *output, pid_t pid);

/* Parses the output of "systemctl show". Separate from its caller for the tests. */
void service_parse(const char *output, struct service_state *ret);
