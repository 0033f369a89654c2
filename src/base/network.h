/* network.h - address ranges, and whether an address is this host's own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Networks in CIDR notation, as in pg_hba.conf. All zero is the empty list. */
struct networks {
	char **cidr;
	size_t count;
};

void networks_free(struct networks *networks);

/*
 * Adds the networks of a list separated by commas or blanks. Each is an IPv4 or IPv6
 * address, a slash and a prefix length. Returns 0, or -EINVAL and the offending item in
 * *ret_wrong, which the caller frees.
 */
int networks_parse(struct networks *networks, const char *list, char **ret_wrong);

/* Does it look like an IPv4 address, an IPv6 address or a host name? */
bool network_is_host(const char *host);

/* Does host resolve to an address of one of this machine's interfaces? */
bool network_is_local(const char *host);

/* Does a program accept TCP connections to this port at the loopback address? */
bool network_listens(long port);
