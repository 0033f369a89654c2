#include "base/clock.h"

#include "base/stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int clock_left_ms(long long deadline)
{
	long long left;

	if (deadline < 0)
		return -1;
	left = deadline - clock_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int clock_sleep_ms(long ms)
{
	long long deadline = clock_ms() + ms;
	struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };

	for (;;) {
		int left = clock_left_ms(deadline);

		if (poll(&stop, 1, left) > 0)
			return -ECANCELED;
		if (clock_ms() >= deadline)
			return 0;
	}
}

void clock_pause_ms(long ms)
{
	long long deadline = clock_ms() + ms;

	while (clock_ms() < deadline)
		(void)poll(NULL, 0, clock_left_ms(deadline));
}

long clock_backoff_ms(long long waited_ms)
{
	long long ms = waited_ms / 10;
	struct timespec now;
	unsigned int seed;
	double share;

	if (ms < 200)
		ms = 200;
	if (ms > 10000)
		ms = 10000;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = (unsigned int)now.tv_nsec ^ ((unsigned int)getpid() << 16);
	share = (double)rand_r(&seed) / RAND_MAX;
	return (long)((double)ms * (0.75 + 0.5 * share));
}
