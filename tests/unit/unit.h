/*
 * unit.h - checks for the programs in this folder. A failed check prints where it is and what it
 * saw, and the program continues. unit_end() returns its exit code: 77 if some checks could not be
 * tried, and the rest passed.
 */
#ifndef PGREPL_UNIT_H
#define PGREPL_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int unit_checks, unit_failures, unit_skipped;

static inline void unit_check(bool ok, const char *file, int line, const char *what)
{
	unit_checks++;
	if (ok)
		return;
	unit_failures++;
	printf("%s:%d: failed: %s\n", file, line, what);
}

static inline void unit_equal(const char *seen, const char *expected, const char *file,
			      int line)
{
	unit_checks++;
	if (seen && strcmp(seen, expected) == 0)
		return;
	unit_failures++;
	printf("%s:%d: expected:\n%s\nbut got:\n%s\n", file, line, expected,
	       seen ? seen : "(null)");
}

static inline void unit_number(long long seen, long long expected, const char *file,
			       int line, const char *what)
{
	unit_checks++;
	if (seen == expected)
		return;
	unit_failures++;
	printf("%s:%d: %s is %lld but should be %lld\n", file, line, what, seen, expected);
}

#define CHECK(condition)      unit_check((condition), __FILE__, __LINE__, #condition)
#define EQUAL(seen, expected) unit_equal((seen), (expected), __FILE__, __LINE__)
#define NUMBER(seen, expected)                                                           \
	unit_number((long long)(seen), (long long)(expected), __FILE__, __LINE__, #seen)

static inline void unit_skip(const char *why)
{
	unit_skipped++;
	printf("skipped: %s\n", why);
}

static inline int unit_end(void)
{
	printf("%d checks, %d failed\n", unit_checks, unit_failures);
	if (unit_failures || !unit_checks)
		return 1;
	return unit_skipped ? 77 : 0;
}

#endif
