/*
 * programs.h - PostgreSQL's programs in one directory, and their version.
 */
#ifndef PGREPL_PROGRAMS_H
#define PGREPL_PROGRAMS_H

#include "base/fault.h"
#include "postgresql/major.h"

/* All zero is none; the strings are absolute paths but for the version. */
struct programs {
	char *postgres;
	char *initdb;
	char *pg_basebackup;
	char *pg_ctl;
	char *version; /* "12.22" */
	long number;   /* the major of it */
	const struct major *major;
};

/*
 * Looks whether all of them can be run, and asks postgres for its version. Refuses a major that
 * major.h does not know. 0, or a negative errno and the fault; ret is to be freed either way.
 */
int programs_find(struct programs *ret, const char *directory, struct fault *fault);
void programs_free(struct programs *programs);

#endif
