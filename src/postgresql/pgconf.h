/*
 * pgconf.h - PostgreSQL's configuration files, as text.
 *
 * Our settings stand in a file of their own, PGCONF_FILE, which postgresql.conf includes
 * as its last line: there the last mention of a parameter wins (PostgreSQL manual,
 * "Setting Parameters"). postgresql.auto.conf is read after it and wins over it. Nothing
 * here touches a file; names of parameters are compared without regard to case.
 */
#ifndef PGREPL_PGCONF_H
#define PGREPL_PGCONF_H

#include "base/text.h"

#define PGCONF_FILE "pgrepl.conf"

/* An ordered set of parameters. All zero is the empty set. */
struct pgconf {
	struct pgconf_item {
		char *name;
		char *value;
	} * items;
	size_t count;
};

void pgconf_free(struct pgconf *conf);

/* Adds a parameter, or gives the one that is there another value. */
void pgconf_set(struct pgconf *conf, const char *name, const char *value);
void pgconf_setf(struct pgconf *conf, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
const char *pgconf_get(const struct pgconf *conf, const char *name);
/* Sets all of other, which win. */
void pgconf_merge(struct pgconf *conf, const struct pgconf *other);

/* Could this be a parameter: letters, digits, _ and, for an extension's, one dot. */
bool pgconf_is_name(const char *name);

/* Adds value quoted for postgresql.conf: '...' with ' doubled and \ doubled. */
void pgconf_quote(struct text *ret, const char *value);

/* The content of PGCONF_FILE. role is for its first line. */
void pgconf_render(const struct pgconf *conf, const char *role, struct text *ret);

/*
 * Is our file what postgresql.conf includes last; the same content with that put right.
 */
bool pgconf_has_include(const char *content);
void pgconf_add_include(const char *content, struct text *ret);

/* Copies content without the lines that set one of conf's parameters or one of names. */
void pgconf_strip(const char *content, const struct pgconf *conf,
		  const char *const *names, size_t count, struct text *ret);

#endif
