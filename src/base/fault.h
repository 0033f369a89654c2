/*
 * fault.h - what went wrong, classified where it happened.
 *
 * Mechanism returns a negative errno. The first function that knows what the failure
 * means fills a fault: its class decides whether to try again, and its three texts are
 * what the operator reads. A fault is filled once: a later layer, which knows less, does
 * not overwrite it.
 */
#pragma once

#include "base/text.h"

enum fault_class {
	FAULT_NONE,
	FAULT_RETRY,    /* may pass by itself; exit code 75 */
	FAULT_OPERATOR, /* needs the operator; exit code 78 */
	FAULT_BUG,      /* should not be possible; exit code 70 */
};

struct fault {
	enum fault_class class;
	char sqlstate[6]; /* of an error that a server reported, else "" */
	struct text message;
	struct text detail;
	struct text hint;
};

#define FAULT_AUTO CLEANUP(fault_clear) struct fault

void fault_clear(struct fault *fault);

/* Moves *from into *to, which has to be empty. */
void fault_move(struct fault *to, struct fault *from);

/* Sets class and message, unless set; returns -EIO, for `return fault_set(...)`. */
int fault_set(struct fault *fault, enum fault_class class, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The same, with ": " and the text of the negative errno r appended; returns r. */
int fault_errno(struct fault *fault, enum fault_class class, int r, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Puts a text before the message, which must be set. */
void fault_prefix(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);
void fault_detail(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Returns -EIO, for `return fault_hint(...)`. */
int fault_hint(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Logs all three texts, as an error; fault_log_more() only detail and hint. */
void fault_log(const struct fault *fault);
void fault_log_more(const struct fault *fault);

/* The exit code that belongs to the class, from sysexits.h. */
int fault_exit_code(const struct fault *fault);
