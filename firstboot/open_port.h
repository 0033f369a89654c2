/*
 * open_port.h - the step that has firewalld let the standbys in.
 */
#ifndef PGREPL_OPEN_PORT_H
#define PGREPL_OPEN_PORT_H

#include "host.h"
#include "step.h"

/* Where firewalld runs and open_firewall is on, it lets standby_networks reach the port. */
enum step_state open_port_check(struct host *host, struct text *detail,
				struct fault *fault);
int open_port_apply(struct host *host, struct fault *fault);

#endif
