#include "base/fault.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

void fault_clear(struct fault *fault)
{
	fault->class = FAULT_NONE;
	fault->sqlstate[0] = '\0';
	text_free(&fault->message);
	text_free(&fault->detail);
	text_free(&fault->hint);
}

void fault_move(struct fault *to, struct fault *from)
{
	*to = *from;
	memset(from, 0, sizeof(*from));
}

int fault_set(struct fault *fault, enum fault_class class, const char *fmt, ...)
{
	va_list args;

	if (fault->class != FAULT_NONE)
		return -EIO;
	fault->class = class;
	va_start(args, fmt);
	text_addv(&fault->message, fmt, args);
	va_end(args);
	return -EIO;
}

int fault_errno(struct fault *fault, enum fault_class class, int r, const char *fmt, ...)
{
	va_list args;

	if (fault->class != FAULT_NONE)
		return r;
	fault->class = class;
	va_start(args, fmt);
	text_addv(&fault->message, fmt, args);
	va_end(args);
	text_addf(&fault->message, ": %s",
		  r == -FILE_NOT_REGULAR ? "not a regular file" : strerror(-r));
	return r;
}

void fault_prefix(struct fault *fault, const char *fmt, ...)
{
	STRING_AUTO message = text_copy(text_str(&fault->message));
	va_list args;

	text_reset(&fault->message);
	va_start(args, fmt);
	text_addv(&fault->message, fmt, args);
	va_end(args);
	text_add(&fault->message, message);
}

void fault_detail(struct fault *fault, const char *fmt, ...)
{
	va_list args;

	if (fault->detail.len)
		text_add(&fault->detail, "\n");
	va_start(args, fmt);
	text_addv(&fault->detail, fmt, args);
	va_end(args);
}

int fault_hint(struct fault *fault, const char *fmt, ...)
{
	va_list args;

	if (fault->hint.len)
		text_add(&fault->hint, " ");
	va_start(args, fmt);
	text_addv(&fault->hint, fmt, args);
	va_end(args);
	return -EIO;
}

void fault_log(const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "error", text_str(&fault->message));
	fault_log_more(fault);
}

void fault_log_more(const struct fault *fault)
{
	log_line(LOG_LEVEL_INFO, "detail", text_str(&fault->detail));
	log_line(LOG_LEVEL_INFO, "hint", text_str(&fault->hint));
}

int fault_exit_code(const struct fault *fault)
{
	switch (fault->class) {
	case FAULT_NONE:
		return EX_OK;
	case FAULT_RETRY:
		return EX_TEMPFAIL;
	case FAULT_OPERATOR:
		return EX_CONFIG;
	case FAULT_BUG:
		break;
	}
	return EX_SOFTWARE;
}
