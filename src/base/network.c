#include "base/network.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void networks_free(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		text_drop(&networks->cidr[i]);
	free(networks->cidr);
	networks->cidr = NULL;
	networks->count = 0;
}

static bool is_cidr(const char *item)
{
	STRING_AUTO address = text_copy(item);
	char *slash = strchr(address, '/');
	unsigned char bytes[sizeof(struct in6_addr)];
	long bits;

	if (!slash)
		return false;
	*slash++ = '\0';
	if (inet_pton(AF_INET, address, bytes) == 1)
		return text_to_long(slash, 0, 32, &bits) == 0;
	if (inet_pton(AF_INET6, address, bytes) == 1)
		return text_to_long(slash, 0, 128, &bits) == 0;
	return false;
}

int networks_parse(struct networks *networks, const char *list, char **ret_wrong)
{
	static const char separators[] = ", \t";

	for (list += strspn(list, separators); *list; list += strspn(list, separators)) {
		size_t len = strcspn(list, separators);
		char *item = text_format("%.*s", (int)len, list);

		if (!is_cidr(item)) {
			*ret_wrong = item;
			return -EINVAL;
		}
		networks->cidr = mem_resize(networks->cidr,
					    (networks->count + 1) * sizeof(*networks->cidr));
		networks->cidr[networks->count++] = item;
		list += len;
	}
	return 0;
}

/* With a scope, as in fe80::1%eth0, or without. */
static bool is_ipv6(const char *host)
{
	STRING_AUTO address = text_copy(host);
	char *scope = strchr(address, '%');
	struct in6_addr bytes;

	if (scope)
		*scope++ = '\0';
	return (!scope || (*scope && !strpbrk(scope, ":%"))) &&
	       inet_pton(AF_INET6, address, &bytes) == 1;
}

bool network_is_host(const char *host)
{
	size_t len = strlen(host);
	struct in_addr bytes;

	if (!len || len >= NI_MAXHOST || *host == '-' || *host == '.' || strstr(host, "..") ||
	    strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789.-_:%") != len)
		return false;
	if (strpbrk(host, ":%"))
		return is_ipv6(host);
	/* a name is not made of digits alone: 10.0.0.256 is a mistake */
	return strspn(host, "0123456789.") != len || inet_pton(AF_INET, host, &bytes) == 1;
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (!a || !b || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)a)->sin_addr,
			      &((const struct sockaddr_in *)b)->sin_addr,
			      sizeof(struct in_addr)) == 0;
	if (a->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
			      &((const struct sockaddr_in6 *)b)->sin6_addr,
			      sizeof(struct in6_addr)) == 0;
	return false;
}

/* All of 127.0.0.0/8 is this host, and so is the address that stands for any. */
static bool is_own_anyway(const struct sockaddr *address)
{
	const struct in6_addr *six;
	in_addr_t four;

	if (address->sa_family == AF_INET) {
		four = ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
		return four == INADDR_ANY || four >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	}
	if (address->sa_family != AF_INET6)
		return false;
	six = &((const struct sockaddr_in6 *)address)->sin6_addr;
	return IN6_IS_ADDR_UNSPECIFIED(six) || IN6_IS_ADDR_LOOPBACK(six);
}

bool network_is_local(const char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	struct ifaddrs *interfaces = NULL;
	bool local = false;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	if (getifaddrs(&interfaces) < 0)
		interfaces = NULL;
	for (struct addrinfo *a = found; a && !local; a = a->ai_next) {
		local = is_own_anyway(a->ai_addr);
		for (struct ifaddrs *i = interfaces; i && !local; i = i->ifa_next)
			local = same_address(a->ai_addr, i->ifa_addr);
	}
	freeifaddrs(interfaces);
	freeaddrinfo(found);
	return local;
}

static bool accepts(const struct sockaddr *address, socklen_t len)
{
	enum { ANSWER_MS = 1000 };
	FD_AUTO fd = socket(address->sa_family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t error_len = sizeof(error);

	if (fd < 0)
		return false;
	if (connect(fd, address, len) == 0)
		return true;
	return errno == EINPROGRESS && poll(&wait, 1, ANSWER_MS) == 1 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && !error;
}

bool network_listens(long port)
{
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return accepts((const struct sockaddr *)&v4, sizeof(v4)) ||
	       accepts((const struct sockaddr *)&v6, sizeof(v6));
}
