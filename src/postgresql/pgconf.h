/*
 * pgconf.h - PostgreSQL's configuration files, as text.
 *
 * Our settings are in a file of their own, PGCONF_FILE, which postgresql.conf includes in
 * its last line: the last setting of a parameter wins (PostgreSQL manual, "Setting
 * Parameters"). postgresql.auto.conf is read after it and overrides it. Nothing here
 * touches a file. Parameter names are compared case-insensitively.
 */
#pragma once

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

/* Adds a parameter, or changes its value. */
void pgconf_set(struct pgconf *conf, const char *name, const char *value);
void pgconf_setf(struct pgconf *conf, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
const char *pgconf_get(const struct pgconf *conf, const char *name);
/* Sets all parameters of other. */
void pgconf_merge(struct pgconf *conf, const struct pgconf *other);

/* Could it be a parameter name: letters, digits, _ and, for an extension's, one dot? */
bool pgconf_is_name(const char *name);

/* The length of the first line, including the line feed. */
size_t pgconf_line_length(const char *content);

/*
 * One line, up to its line feed or the end, read as the server's guc-file.l reads it: a name,
 * which is returned as it is spelt, perhaps "=", and a value, in quotes or without; a comment
 * may follow. True if it sets a parameter or includes something. Both are reset before.
 */
bool pgconf_parse(const char *line, struct text *ret_name, struct text *ret_value);

/* The content of PGCONF_FILE. role is for its first line. */
void pgconf_render(const struct pgconf *conf, const char *role, struct text *ret);

/*
 * Does postgresql.conf include our file last? The second adds content so that it does, the
 * third as it was before that.
 */
bool pgconf_has_include(const char *content);
void pgconf_add_include(const char *content, struct text *ret);
void pgconf_remove_include(const char *content, struct text *ret);

/* Adds content without the lines that set a parameter of conf or one of names. */
void pgconf_strip(const char *content, const struct pgconf *conf,
		  const char *const *names, size_t count, struct text *ret);
