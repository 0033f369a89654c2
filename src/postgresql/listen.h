/* listen.h - whether the addresses in listen_addresses are in reach of networks. */
#pragma once

#include "base/network.h"

/*
 * Can hosts of one of these networks connect to one of these addresses? An address that is
 * not this host's own (loopback) counts for every network of its family: where packets come
 * from says nothing about where they arrive. A name that cannot be resolved counts too:
 * somebody has chosen it.
 */
bool listen_covers(const char *listen_addresses, const struct networks *networks);
