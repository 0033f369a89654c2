#include "base/stop.h"

#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

static int descriptor = -1;

int stop_open(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	file_close(&descriptor);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return descriptor < 0 ? -errno : 0;
}

int stop_fd(void)
{
	return descriptor;
}
