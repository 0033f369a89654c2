/*
 * clock.h - monotonic time, deadlines, and waits that end when the process is told to
 * stop.
 */
#pragma once

/* Milliseconds of CLOCK_MONOTONIC. */
long long clock_ms(void);

/* For poll(2): milliseconds until deadline (of clock_ms), 0 if past, -1 if negative. */
int clock_left_ms(long long deadline);

/* Waits for ms, or until the process is told to stop (stop.h): 0, or -ECANCELED. */
int clock_sleep_ms(long ms);

/* Waits for ms even if told to stop: for what has to be cleaned up first. */
void clock_pause_ms(long ms);

/*
 * How long to wait before the next attempt after waited_ms: a tenth of that, at least 200
 * ms and at most 10 s, plus or minus a random quarter. So a primary that comes up is
 * found within about a tenth of the time that it took, and standbys that boot together do
 * not connect at the same moment.
 */
long clock_backoff_ms(long long waited_ms);
