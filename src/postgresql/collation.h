/*
 * collation.h - does this host's C library sort as the primary's does? An index is in the
 * order of the C library that built it. glibc 2.28 (EL 8) sorts differently from 2.17 (EL 7):
 * indexes that a clone brings along would miss rows here (PostgreSQL wiki, "Locale data
 * changes"). Collations C and POSIX, and those of ICU, do not depend on it.
 */
#pragma once

#include "postgresql/replication.h"

enum collation_finding {
	COLLATION_DIFFERS, /* pairs of strings have another order here */
	COLLATION_DOUBTFUL, /* they have not, but the C libraries have different versions */
	COLLATION_UNUSABLE, /* this host has no such locale: an index cannot be used */
	COLLATION_MISSING,  /* likewise, and connections to the database fail */
};

/* All names are the primary's, cut off, and fit to be shown. */
struct collation_report {
	enum collation_finding finding;
	const char *database;
	const char *locale;
	const char *version; /* of the primary's C library, or "" */
};

typedef void collation_visit(void *arg, const struct collation_report *report);

/*
 * Asks the primary, by logging in to each of its databases that lets the role in, and calls
 * visit for each finding. *ret_compared is how many collations were. 0, or a negative errno and
 * the fault if it could not be asked at all.
 */
int collation_compare(const struct replication_login *login, collation_visit *visit,
		      void *arg, size_t *ret_compared, struct fault *fault);
