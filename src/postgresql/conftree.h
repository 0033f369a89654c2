/*
 * conftree.h - postgresql.conf of a data directory together with the files that it
 * includes, line by line.
 *
 * Sources: PostgreSQL manual, "Setting Parameters"; src/backend/utils/misc/guc-file.l for
 * what a line may look like, and how deep files may include each other.
 */
#pragma once

#include "base/text.h"

enum {
	CONFTREE_FILE_MAX = 4 * 1024 * 1024, /* bytes */
	CONFTREE_FILES_MAX = 200,
	CONFTREE_NAME_MAX = 64,
};

/*
 * The line, up to its line feed, sets a parameter or includes something: its name in lower
 * case, and the value without quotes is added to ret_value. False for any other.
 */
bool conftree_parse(const char *line, char ret_name[CONFTREE_NAME_MAX],
		    struct text *ret_value);

/*
 * Calls visit with postgresql.conf and with each file that is included, before it is read:
 * the visitor may still create or change it. path is relative to the directory, absolute
 * if it is outside of it, and ends in "/" for a directory of files. Our own PGCONF_FILE,
 * which is written anew, is left out, and so is what is included but cannot be read, which
 * is for the server to report. A negative return ends the walk and is returned; -E2BIG if
 * there are too many files.
 */
typedef int conftree_visit(void *arg, const char *path);
int conftree_walk(const char *directory, conftree_visit *visit, void *arg);

/* Does include_dir read a file of this name? */
bool conftree_is_member(const char *name);

/* The path that a visitor gets, as the file to open. The caller frees it. */
char *conftree_path(const char *directory, const char *path);

/*
 * Its content. False if it is not a file that can be read whole as text: a folder, a device,
 * too large, or with a NUL byte.
 */
bool conftree_read(const char *directory, const char *path, struct text *ret);
