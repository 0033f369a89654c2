/* db.c - connections: none is opened once the process was told to stop. */
#include "unit.h"

#include "base/file.h"
#include "base/stop.h"
#include "postgresql/db.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* A port of the loopback that never answers: accept() tells whether somebody has connected. */
static int silent_port(char ret[8])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CHECK(bind(fd, (struct sockaddr *)&address, len) == 0);
	CHECK(listen(fd, 1) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	snprintf(ret, 8, "%d", ntohs(address.sin_port));
	return fd;
}

static int open_it(const char *port, struct fault *fault)
{
	const struct db_parameter parameters[] = {
		{ "host", "127.0.0.1" }, { "port", port }, { "user", "u" }, { NULL, NULL }
	};
	const struct db_timeouts timeouts = { .connect_ms = 50, .login_ms = 50 };
	DB_AUTO db = { 0 };

	return db_open(&db, parameters, &timeouts, fault);
}

static void after_a_stop_nothing_connects(void)
{
	FAULT_AUTO before = { 0 };
	FAULT_AUTO after = { 0 };
	char port[8];
	FD_AUTO listener = silent_port(port);
	FD_AUTO first = -1;

	CHECK(stop_open() == 0);
	CHECK(!stop_asked());
	NUMBER(open_it(port, &before), -ETIMEDOUT);
	first = accept(listener, NULL, NULL);
	CHECK(first >= 0);
	CHECK(raise(SIGTERM) == 0);
	CHECK(stop_asked());
	NUMBER(open_it(port, &after), -ECANCELED);
	NUMBER(after.class, FAULT_RETRY);
	EQUAL(text_str(&after.message), "stopped");
	CHECK(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
}

int main(void)
{
	after_a_stop_nothing_connects();
	return unit_end();
}
