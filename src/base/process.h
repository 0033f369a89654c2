/* process.h - processes that are not our children, found in /proc. */
#ifndef PGREPL_PROCESS_H
#define PGREPL_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* Kills every process of a session, and waits until they are gone (5 s at most). */
void process_kill_session(pid_t session);

/*
 * Kills the processes of the calling user that were started with exactly this argument
 * and whose session's leader has ended. Returns how many it found.
 */
size_t process_kill_orphans(const char *argument);

#endif
