#include "base/stop.h"

#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

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

bool stop_asked(void)
{
	struct pollfd stop = { .fd = descriptor, .events = POLLIN };

	return poll(&stop, 1, 0) > 0;
}

int stop_fd(void)
{
	return descriptor;
}

void stop_end(void)
{
	struct signalfd_siginfo info;
	sigset_t signals;

	if (descriptor < 0 || read(descriptor, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	sigemptyset(&signals);
	sigaddset(&signals, (int)info.ssi_signo);
	(void)signal((int)info.ssi_signo, SIG_DFL);
	(void)kill(getpid(), (int)info.ssi_signo);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
