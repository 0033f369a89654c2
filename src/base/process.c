#include "base/process.h"

#include "base/clock.h"
#include "base/file.h"

#include <ctype.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	SWEEP_MS = 5 * 1000,
	CMDLINE_MAX = 64 * 1024,
};

void process_hide_memory(void)
{
	/* cannot fail with this value */
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* Linux 3.10 has no close_range(2), and the limit of descriptors may be a million. */
void process_close_inherited(void)
{
	DIR_AUTO own = opendir("/proc/self/fd");
	const struct dirent *entry;

	/* entries are read by number: closing one does not skip another */
	while (own && (entry = file_next(own))) {
		long fd;

		if (text_to_long(entry->d_name, STDERR_FILENO + 1, INT_MAX, &fd) == 0 &&
		    fd != dirfd(own))
			close((int)fd);
	}
}

/* The session, from /proc/PID/stat, where the name may contain anything; -1: ended. */
static pid_t session_of(const char *pid)
{
	enum { STAT_STATE = 3, STAT_SESSION = 6 }; /* proc(5) */
	STRING_AUTO path = text_format("/proc/%s/stat", pid);
	TEXT_AUTO stat = { 0 };
	char *field = NULL, *rest;
	long session = -1;

	if (file_read(path, 4096, &stat) < 0 || !stat.s)
		return -1;
	rest = strrchr(stat.s, ')');
	if (!rest)
		return -1;
	rest++;
	for (int i = STAT_STATE; i <= STAT_SESSION; i++) {
		field = strtok_r(NULL, " ", &rest);
		if (!field || (i == STAT_STATE && *field == 'Z'))
			return -1;
	}
	(void)text_to_long(field, 0, INT_MAX, &session);
	return (pid_t)session;
}

static bool has_argument(const char *pid, const char *argument)
{
	STRING_AUTO path = text_format("/proc/%s/cmdline", pid);
	TEXT_AUTO arguments = { 0 };

	if (file_read(path, CMDLINE_MAX, &arguments) < 0)
		return false;
	for (size_t i = 0; i < arguments.len; i += strlen(arguments.s + i) + 1)
		if (text_equal(arguments.s + i, argument))
			return true;
	return false;
}

/* Is this one of the processes that are meant? value is the caller's. */
typedef bool (*process_match)(const char *pid, const void *value);

static size_t kill_all(process_match match, const void *value)
{
	DIR_AUTO proc = opendir("/proc");
	const struct dirent *entry;
	size_t found = 0;

	while (proc && (entry = file_next(proc))) {
		long pid;

		if (text_to_long(entry->d_name, 1, INT_MAX, &pid) < 0 ||
		    !match(entry->d_name, value))
			continue;
		found += kill((pid_t)pid, SIGKILL) == 0;
	}
	return found;
}

static bool is_of_session(const char *pid, const void *value)
{
	return session_of(pid) == *(const pid_t *)value;
}

void process_kill_session(pid_t session)
{
	long long deadline = clock_ms() + SWEEP_MS;

	while (kill_all(is_of_session, &session) && clock_ms() < deadline)
		clock_pause_ms(5);
}

static bool is_orphan_with(const char *pid, const void *value)
{
	STRING_AUTO leader = NULL;
	pid_t session;

	if (!has_argument(pid, value))
		return false;
	session = session_of(pid);
	leader = text_format("%d", (int)session);
	/* a leader that has ended has no session, reaped or not */
	return session > 0 && session_of(leader) < 0;
}

size_t process_kill_orphans(const char *argument)
{
	return kill_all(is_orphan_with, argument);
}
