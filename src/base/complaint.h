/* complaint.h - what a server's log says about why something failed. */
#pragma once

#include "base/text.h"

enum { COMPLAINT_LOG_MAX = 64 * 1024 };

/* From where on a line is to be quoted, or NULL: not at all. */
typedef const char *complaint_test(const char *line);

/* Why a server has ended: FATAL or PANIC, from that word on, unless it is about a connection. */
complaint_test complaint_fatal;

/*
 * Sets ret to the last line of a log that is to be quoted, without control characters and not
 * longer than a message may be. Returns whether there is one.
 */
bool complaint_find(const char *log, complaint_test *test, struct text *ret);

/* The same in a file, in what was added behind offset; its last COMPLAINT_LOG_MAX bytes. */
bool complaint_find_in(const char *path, long long offset, complaint_test *test,
		       struct text *ret);
