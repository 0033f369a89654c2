/*
 * log.h - what the operator reads on standard error.
 *
 * Messages follow PostgreSQL's error message style: a primary message without a full
 * stop, the detail apart, and a hint that is a full sentence. Under a service manager
 * (NOTIFY_SOCKET is set and standard error is not a terminal) every line starts with a
 * syslog priority, as in sd-daemon(3).
 */
#pragma once

#include "base/text.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
};

/* Sets the name that starts each line. program has to live as long as the process. */
void log_open(const char *program);

/* label is "error", "warning", "hint" ...; every line of the message gets it. */
void log_line(enum log_level level, const char *label, const char *message);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_hint(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Reports to the service manager, if there is one: STATUS= of sd_notify(3). */
void log_status(const char *fmt, ...) PRINTF_LIKE(1, 2);
