/*
 * fault.h - what went wrong, sorted where it happened.
 *
 * Mechanism reports a negative errno. The first function that knows what the
 * failure means fills a fault: its class decides whether the helper tries
 * again, and its three texts are what the operator will read. A fault is
 * filled once: a later, vaguer layer does not overwrite it.
 */
#ifndef PGREPL_FAULT_H
#define PGREPL_FAULT_H

#include "base/text.h"

enum fault_class {
	FAULT_NONE,
	FAULT_RETRY,    /* may pass by itself: exit code 75 when it is given up */
	FAULT_OPERATOR, /* a person has to act: exit code 78 */
	FAULT_BUG,      /* neither should be possible: exit code 70 */
};

struct fault {
	enum fault_class class;
	char sqlstate[6]; /* of a server's refusal, else "" */
	struct text message;
	struct text detail;
	struct text hint;
};

#define FAULT_AUTO CLEANUP(fault_clear) struct fault

void fault_clear(struct fault *fault);

/*
 * Sets class and message unless one is there; returns -EIO for `return fault_set(...)`.
 */
int fault_set(struct fault *fault, enum fault_class class, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The same with ": " and the text of a negative errno behind the message; returns r. */
int fault_errno(struct fault *fault, enum fault_class class, int r, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Puts a text in front of the message, which has to be set. */
void fault_prefix(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);
void fault_detail(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);
void fault_hint(struct fault *fault, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Logs all three texts, as an error. */
void fault_log(const struct fault *fault);

/* The exit code that belongs to the class, from sysexits.h. */
int fault_exit_code(const struct fault *fault);

#endif
