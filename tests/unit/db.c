/* db.c - connections: none is opened once the process was told to stop. */
#include "unit.h"

#include "base/file.h"
#include "base/stop.h"
#include "postgresql/db.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that never answers: accept() tells whether somebody has connected. */
static int silent_socket(const char *directory)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", directory);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(fd, 1) == 0);
	return fd;
}

static int open_it(const char *directory, struct fault *fault)
{
	const struct db_parameter parameters[] = {
		{ "host", directory }, { "port", "5432" }, { "user", "u" }, { NULL, NULL }
	};
	const struct db_timeouts timeouts = { .connect_ms = 50, .login_ms = 50 };
	DB_AUTO db = { 0 };

	return db_open(&db, parameters, &timeouts, fault);
}

static void after_a_stop_nothing_connects(void)
{
	FAULT_AUTO before = { 0 };
	FAULT_AUTO after = { 0 };
	char directory[] = "/tmp/pgrepl-unit-XXXXXX";
	STRING_AUTO path = NULL;
	FD_AUTO listener = -1;
	FD_AUTO first = -1;

	CHECK(mkdtemp(directory));
	path = text_format("%s/.s.PGSQL.5432", directory);
	listener = silent_socket(directory);
	CHECK(stop_open() == 0);
	CHECK(!stop_asked());
	NUMBER(open_it(directory, &before), -ETIMEDOUT);
	first = accept(listener, NULL, NULL);
	CHECK(first >= 0);
	CHECK(raise(SIGTERM) == 0);
	CHECK(stop_asked());
	NUMBER(open_it(directory, &after), -ECANCELED);
	NUMBER(after.class, FAULT_RETRY);
	EQUAL(text_str(&after.message), "stopped");
	CHECK(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	CHECK(unlink(path) == 0 && rmdir(directory) == 0);
}

int main(void)
{
	after_a_stop_nothing_connects();
	return unit_end();
}
