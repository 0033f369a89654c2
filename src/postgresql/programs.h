/* programs.h - PostgreSQL's programs in one directory, and their version. */
#pragma once

#include "base/fault.h"
#include "postgresql/major.h"

/* All zero is none. The strings are absolute paths, except version. */
struct programs {
	char *postgres;
	char *initdb;
	char *pg_basebackup;
	char *pg_ctl;
	char *version; /* "12.22" */
	long number;   /* its major */
	const struct major *major;
};

/*
 * Checks that all of them can be run, and asks postgres for its version. Refuses a major
 * that major.h does not cover. 0, or a negative errno and the fault; ret has to be freed
 * either way.
 */
int programs_find(struct programs *ret, const char *directory, struct fault *fault);
void programs_free(struct programs *programs);
