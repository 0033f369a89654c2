#include "postgresql/listen.h"

#include "base/text.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* What addresses of this kind can be reached from. */
enum reach {
	REACH_V4 = 1,
	REACH_V6 = 2,
	REACH_V4_HERE = 4, /* from this host alone */
	REACH_V6_HERE = 8,
	REACH_ALL = 15,
};

static unsigned reach_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct in_addr in = ((const struct sockaddr_in *)address)->sin_addr;

		if (in.s_addr == htonl(INADDR_ANY))
			return REACH_V4 | REACH_V4_HERE;
		return ntohl(in.s_addr) >> 24 == 127 ? REACH_V4_HERE : REACH_V4;
	}
	if (address->sa_family == AF_INET6) {
		const struct in6_addr *in = &((const struct sockaddr_in6 *)address)->sin6_addr;

		if (IN6_IS_ADDR_UNSPECIFIED(in))
			return REACH_V6 | REACH_V6_HERE;
		return IN6_IS_ADDR_LOOPBACK(in) ? REACH_V6_HERE : REACH_V6;
	}
	return 0;
}

static unsigned reach_of_name(const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	unsigned reach = 0;

	if (text_equal(name, "*") || getaddrinfo(name, NULL, &hints, &found) != 0)
		return REACH_ALL;
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		reach |= reach_of(a->ai_addr);
	freeaddrinfo(found);
	return reach;
}

/* This host itself counts only where there are no others. */
static unsigned without_here(unsigned reach)
{
	unsigned others = reach & (REACH_V4 | REACH_V6);

	return others ? others : reach;
}

/* The networks are in CIDR notation: always addresses. */
static unsigned reach_of_networks(const struct networks *networks)
{
	unsigned reach = 0;

	for (size_t i = 0; i < networks->count; i++) {
		size_t len = strcspn(networks->cidr[i], "/");
		STRING_AUTO address = text_format("%.*s", (int)len, networks->cidr[i]);

		reach |= without_here(reach_of_name(address));
	}
	return without_here(reach);
}

bool listen_covers(const char *listen_addresses, const struct networks *networks)
{
	static const char separators[] = ", \t\r\n\"";
	unsigned reach = 0;

	for (const char *s = listen_addresses; *s;) {
		size_t len = strcspn(s, separators);
		STRING_AUTO name = text_format("%.*s", (int)len, s);

		if (len)
			reach |= reach_of_name(name);
		s += len;
		s += strspn(s, separators);
	}
	return reach & reach_of_networks(networks);
}
