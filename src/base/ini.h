/*
 * ini.h - the file that the operator writes, read strictly.
 *
 * iniparser 3.1 (CentOS 7) and 4.1 differ in what they forgive, lose or cut, and both
 * print an offending line, secrets included. So the file is checked here first, with
 * file:line errors that never show a value; then iniparser gets a cleaned copy, and what
 * it answers has to be what the file says. It reads in a child process: the copies that it
 * leaves on the stack and in the buffers of stdio go with that.
 *
 *   [section]            names of letters, digits, _ and . ; case does not matter
 *   key = value          bare, "double" or 'single' quoted; there are no escapes
 *   ; comment  # comment on a line of their own, or behind a value and a blank
 *
 * Limits: INI_FILE_MAX bytes a file, INI_LINE_MAX bytes a line. A byte order mark, CRLF,
 * and a last line without a newline are accepted. A key may stand once in a section.
 */
#ifndef PGREPL_INI_H
#define PGREPL_INI_H

#include "base/fault.h"
#include "base/secret.h"

enum {
	INI_FILE_MAX = 32 * 1024,
	INI_LINE_MAX = 1000,
	INI_NAME_MAX = 128, /* section, and key */
};

struct ini_entry {
	char *section;       /* lower case */
	char *key;           /* lower case */
	struct secret value; /* it may be one */
	int line;
	bool bare_with_comment; /* not quoted, and a comment follows: was it meant as one? */
};

struct ini {
	const char *path; /* the caller's */
	struct ini_entry *entries;
	size_t count;
};

/*
 * Reads content, which came from path and is taken apart by it. Fills ret or fault.
 */
int ini_parse(struct ini *ret, const char *path, struct secret *content,
	      struct fault *fault);
void ini_free(struct ini *ini);

const struct ini_entry *ini_find(const struct ini *ini, const char *section,
				 const char *key);

#endif
