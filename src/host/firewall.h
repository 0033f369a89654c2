/*
 * firewall.h - firewalld lets the configured networks reach the server's port, and nobody
 * else.
 *
 * One rich rule per network in the default zone, both runtime and permanent, through
 * firewall-cmd(1) as of firewalld 0.5 in EL 7. Needs root.
 */
#pragma once

#include "base/fault.h"
#include "base/network.h"

struct firewall {
	const struct networks *networks;
	long port;
};

/* 1 if firewalld is running, 0 if it is not or is not installed, or a negative errno. */
int firewall_runs(struct fault *fault);

/* How many rules are missing, runtime and permanent; or a negative errno. */
int firewall_missing(const struct firewall *firewall, struct fault *fault);

/* Adds what is missing. Removes nothing. */
int firewall_open(const struct firewall *firewall, struct fault *fault);
