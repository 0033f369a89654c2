/*
 * ini.h - strict reader for the configuration file.
 *
 * iniparser 3.1 (CentOS 7) and 4.1 differ in what they tolerate, drop or truncate, and both
 * print an offending line, secrets included. So the file is checked here first, with
 * file:line errors that never show a value. Then iniparser gets a cleaned-up copy, and its
 * values are compared with those of the file: in a child process, which takes along the
 * copies that iniparser leaves on the stack and in the buffers of stdio.
 *
 *   [section]            names consist of letters, digits, _ and . ; case is ignored
 *   key = value          bare, or in "double" or 'single' quotes; there are no escapes
 *   ; comment  # comment on its own line, or after a value and a blank
 *
 * Limits: INI_FILE_MAX bytes per file, INI_LINE_MAX bytes per line. A byte order mark, CRLF
 * line ends and a last line without a newline are accepted. A key may be set once per
 * section.
 */
#pragma once

#include "base/findings.h"
#include "base/secret.h"

enum {
	INI_FILE_MAX = 32 * 1024,
	INI_LINE_MAX = 1000,
	INI_NAME_MAX = 128, /* section, and key */
};

struct ini_entry {
	char *section;       /* lower case; "" if the section line could not be read */
	char *key;           /* lower case */
	struct secret value; /* it may be one */
	int line;
	bool bare_with_comment; /* not quoted, and followed by what may be a comment */
	bool wrong;             /* an error was reported for it or its section */
	/* An earlier line could not be read: the key may be part of a secret that began there. */
	bool in_doubt;
};

struct ini {
	struct ini_entry *entries;
	size_t count;
};

/*
 * Parses content, which was read from findings->path and is taken apart. Fills ret with what
 * could be read and adds every error to findings; a wrong entry has its key and no value. Returns 0, or a negative errno if nothing could be read.
 */
int ini_parse(struct ini *ret, struct secret *content, struct findings *findings);
void ini_free(struct ini *ini);

const struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key);
