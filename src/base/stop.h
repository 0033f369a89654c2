/*
 * stop.h - being told to stop.
 *
 * SIGTERM, SIGINT and SIGHUP are blocked and make a descriptor readable instead. Everything
 * that waits polls it too. Nobody reads it before the end: once the process was told to stop,
 * every later wait ends at once as well. There is one per process, because signals are the process's.
 */
#pragma once

#include <stdbool.h>

/* Blocks the signals and opens it; again in a forked child. 0 or a negative errno. */
int stop_open(void);

/* Was the process told to stop? */
bool stop_asked(void);

/* For poll(2), which ignores the -1 that this is before stop_open(). */
int stop_fd(void);

/*
 * If the process was told to stop, ends it by that signal, so that its parent can tell a stop
 * from a failure; else returns. Everything has to be cleaned up.
 */
void stop_end(void);
