/* complaint.h - what a server's log says about why it ended. */
#pragma once

#include "base/text.h"

enum { COMPLAINT_LOG_MAX = 64 * 1024 };

/*
 * Sets ret to the last FATAL or PANIC line of a log that is not about a connection, from that
 * word on, without control characters and not longer than a message may be. Returns whether there
 * is one.
 */
bool complaint_find(const char *log, struct text *ret);

/* The same in a file, in what was added behind offset; its last COMPLAINT_LOG_MAX bytes. */
bool complaint_find_in(const char *path, long long offset, struct text *ret);
