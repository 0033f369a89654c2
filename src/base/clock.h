/*
 * clock.h - time that only goes forward, deadlines, and waiting that can be told to stop.
 */
#ifndef PGREPL_CLOCK_H
#define PGREPL_CLOCK_H

/* Milliseconds of CLOCK_MONOTONIC. */
long long clock_ms(void);

/*
 * For poll(2): milliseconds until deadline (of clock_ms), 0 when past, -1 for a negative
 * one.
 */
int clock_left_ms(long long deadline);

/* Waits for ms, or until the process is told to stop (stop.h): 0, or -ECANCELED. */
int clock_sleep_ms(long ms);

/* Waits for ms, whatever happens: for what has to be cleaned up before we stop. */
void clock_pause_ms(long ms);

/*
 * How long to wait before the next try when waited_ms have gone by: a tenth of that, at
 * least 200 ms and at most 10 s, plus or minus a quarter by chance. So a primary that
 * comes up is found within about a tenth of the time that it took, and eight
 * standbys that boot together do not knock together.
 */
long clock_backoff_ms(long long waited_ms);

#endif
