/*
 * errors.h - what can go wrong between us and a server, in one table: whether it may
 * pass, and what to do about it.
 *
 * Sources: PostgreSQL manual, Appendix A, for SQLSTATEs; where one of them stands for
 * more than one thing, the function of the server's source that reports it, which no
 * translation changes; and the English texts of libpq and pg_basebackup (LC_ALL=C), which
 * have no SQLSTATE.
 */
#pragma once

#include "base/fault.h"

struct error_rule {
	const char *sqlstate; /* or its beginning; NULL: it has none */
	const char *function; /* that reports it, or its beginning; NULL: any */
	const char *text;     /* part of the message; NULL: any */
	enum fault_class class;
	const char *hint; /* for a login to the upstream server; NULL: none fits all */
};

extern const struct error_rule error_rules[];
extern const size_t error_rules_count;

/*
 * The first rule that fits; there always is one. sqlstate and function are "" if the error
 * was not reported by a server.
 */
const struct error_rule *error_find(const char *sqlstate, const char *function,
				    const char *message);
