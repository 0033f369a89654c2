#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static struct {
	const char *program;
	bool priorities;
} log_target = { .program = "pgrepl" };

void log_open(const char *program)
{
	log_target.program = program;
	log_target.priorities = getenv("NOTIFY_SOCKET") && !isatty(STDERR_FILENO);
}

void log_line(enum log_level level, const char *label, const char *message)
{
	static const char *const priority[] = {
		[LOG_LEVEL_ERROR] = SD_ERR,
		[LOG_LEVEL_WARNING] = SD_WARNING,
		[LOG_LEVEL_INFO] = SD_INFO,
	};
	TEXT_AUTO lines = { 0 };

	/* a single write, so that lines of two processes do not mix */
	while (*message) {
		size_t len = strcspn(message, "\n");

		if (log_target.priorities)
			text_add(&lines, priority[level]);
		text_addf(&lines, "%s: ", log_target.program);
		if (*label)
			text_addf(&lines, "%s: ", label);
		text_add_bytes(&lines, message, len);
		text_add(&lines, "\n");
		message += len;
		while (*message == '\n')
			message++;
	}
	fflush(stdout);
	(void)!write(STDERR_FILENO, text_str(&lines), lines.len);
}

static void PRINTF_LIKE(3, 0)
	log_labelled(enum log_level level, const char *label, const char *fmt, va_list args)
{
	TEXT_AUTO message = { 0 };

	text_addv(&message, fmt, args);
	log_line(level, label, text_str(&message));
}

#define DEFINE_LOG(name, level, label)                                                   \
	void name(const char *fmt, ...)                                                  \
	{                                                                                \
		va_list args;                                                            \
                                                                                         \
		va_start(args, fmt);                                                     \
		log_labelled(level, label, fmt, args);                                   \
		va_end(args);                                                            \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR, "error")
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING, "warning")
DEFINE_LOG(log_info, LOG_LEVEL_INFO, "")
DEFINE_LOG(log_hint, LOG_LEVEL_INFO, "hint")

void log_status(const char *fmt, ...)
{
	TEXT_AUTO message = { 0 };
	va_list args;

	text_add(&message, "STATUS=");
	va_start(args, fmt);
	text_addv(&message, fmt, args);
	va_end(args);
	for (size_t i = 0; i < message.len; i++)
		if (message.s[i] == '\n')
			message.s[i] = ' ';
	/* the status is a convenience: a failure to report it does not matter */
	(void)sd_notify(0, text_str(&message));
}
