/*
 * firewall.h - firewalld lets the configured networks reach the server's port, and nobody
 * else.
 *
 * A rich rule a network in the default zone, for now and for later boots, by
 * firewall-cmd(1), as firewalld 0.5 of EL 7 knows it. Needs root.
 */
#ifndef PGREPL_FIREWALL_H
#define PGREPL_FIREWALL_H

#include "base/fault.h"
#include "base/network.h"

struct firewall {
	const struct networks *networks;
	long port;
};

/* 1 when firewalld runs, 0 when it does not or is not installed, or a negative errno. */
int firewall_runs(struct fault *fault);

/*
 * How many rules are missing, now or in the permanent configuration; or a negative errno.
 */
int firewall_missing(const struct firewall *firewall, struct fault *fault);

/* Adds what is missing. Removes nothing. */
int firewall_open(const struct firewall *firewall, struct fault *fault);

#endif
