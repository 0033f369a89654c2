/*
 * process.h - what others may see of this process and what it was left by its caller; and
 * processes that are not our children, found in /proc.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Nobody but root can read the memory of this process, and no core file is written: there
 * may be a password in it. A child inherits this and a program that it executes does not.
 * A change of user undoes it (prctl(2), PR_SET_DUMPABLE): call it again after one.
 */
void process_hide_memory(void);

/*
 * Closes every descriptor from 3 on: what the caller left open is not ours to keep, or to
 * pass on. Before anything is opened. Does nothing where /proc is not mounted.
 */
void process_close_inherited(void);

/* Kills every process of a session, and waits until they are gone (5 s at most). */
void process_kill_session(pid_t session);

/*
 * Kills the processes of the calling user that were started with exactly this argument
 * and whose session's leader has ended. Returns how many it found.
 */
size_t process_kill_orphans(const char *argument);
