/*
 * process.h - what this process inherits and shows to others, and processes that are not
 * our children, found in /proc.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Only root can read the memory of this process, and no core file is written: it may
 * contain a password. Children inherit this, programs that they execute do not. A change
 * of user undoes it (prctl(2), PR_SET_DUMPABLE): call it again after one.
 */
void process_hide_memory(void);

/*
 * Closes every descriptor from 3 on: what the caller left open must not be kept or passed
 * on. To be called before anything is opened. Does nothing if /proc is not mounted.
 */
void process_close_inherited(void);

/* Kills every process of a session, and waits until they are gone (5 s at most). */
void process_kill_session(pid_t session);

/*
 * Kills the processes of the calling user that were started with exactly this argument
 * and whose session's leader has ended. Returns how many it found.
 */
size_t process_kill_orphans(const char *argument);
