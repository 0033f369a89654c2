/*
 * network.h - address ranges, and whether an address is this host's own.
 */
#ifndef PGREPL_NETWORK_H
#define PGREPL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/* Networks in CIDR form, as pg_hba.conf takes them. All zero is the empty list. */
struct networks {
	char **cidr;
	size_t count;
};

void networks_free(struct networks *networks);

/*
 * Adds the networks of a list whose items are separated by commas or blanks. Each is an
 * IPv4 or IPv6 address, a slash and the length of the prefix. Returns 0, or -EINVAL with
 * *ret_wrong (caller frees) naming the item that is none.
 */
int networks_parse(struct networks *networks, const char *list, char **ret_wrong);

/* An IPv4 or IPv6 address, or a host name by its form. */
bool network_is_host(const char *host);

/*
 * Does host lead to an address of one of this machine's interfaces? false while it has
 * none.
 */
bool network_is_local(const char *host);

#endif
