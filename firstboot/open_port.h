/* open_port.h - the step that has firewalld let the standbys in. */
#pragma once

#include "host.h"
#include "step.h"

/* Where firewalld runs and open_firewall is on, it lets standby_networks reach the port. */
step_check open_port_check;
step_apply open_port_apply;
