/*
 * conf_lines.h - every line of a cluster's configuration that sets a parameter, in the order
 * in which the server reads them, so that the last line of a parameter wins.
 *
 * Read here as the server's guc-file.l reads it, because only this tells where a value comes
 * from while no server runs, and what it would be without our file. Files are included where
 * they stand, at most 10 deep; include_dir reads what conf_is_member() says, in the order of
 * bytes; postgresql.auto.conf comes last. What the server would not accept is skipped: its
 * program is asked about the whole before anything is used (cluster_show_conf()). The number
 * of files, of lines and of bytes is limited.
 *
 * Paths are relative to the data directory, and absolute for what is, or may be, outside of it.
 */
#pragma once

#include "base/fault.h"

#define CONF_MAIN_FILE "postgresql.conf"
#define CONF_AUTO_FILE "postgresql.auto.conf"

enum { CONF_FILE_MAX = 4 * 1024 * 1024 }; /* bytes */

enum conf_origin {
	CONF_FILE,         /* postgresql.conf, or what it includes */
	CONF_OURS,         /* PGCONF_FILE */
	CONF_AUTO,         /* postgresql.auto.conf: wins over all files */
	CONF_COMMAND_LINE, /* of the running server: wins over everything */
};

struct conf_line {
	char *name;  /* in lower case */
	char *spelt; /* as it is written */
	char *value;
	char *file; /* its path; "" of a command line */
	long number;
	enum conf_origin origin;
};

/* All zero is none. */
struct conf_lines {
	struct conf_line *items;
	size_t count;
};

void conf_lines_free(struct conf_lines *lines);
#define CONF_LINES_AUTO CLEANUP(conf_lines_free) struct conf_lines

/*
 * Adds the lines of path, which need not exist, and of what it includes, then those of the
 * directory's postgresql.auto.conf. 0, or a negative errno and the fault.
 */
int conf_lines_read(struct conf_lines *ret, const char *path, const char *directory,
		    struct fault *fault);

/*
 * The same, and calls visit with the path of each file, and of each included directory with a
 * "/" at its end, before it is read: the visitor may still create or change it. A negative return ends the
 * walk and is returned.
 */
typedef int conf_visit(void *arg, const char *path);
int conf_lines_walk(struct conf_lines *ret, const char *path, const char *directory,
		    conf_visit *visit, void *arg, struct fault *fault);

/* Does include_dir read a file of this name? */
bool conf_is_member(const char *name);

/* The path that a visitor gets, as the file to open. The caller frees it. */
char *conf_path(const char *directory, const char *path);

/* Adds its content. 0 or a negative errno: no regular file, or too large. */
int conf_read(const char *directory, const char *path, struct text *ret);

void conf_lines_add(struct conf_lines *lines, const char *name, const char *value,
		    const char *file, long number, enum conf_origin origin);

/* The line that wins; the second as if our file were not there. NULL if there is none. */
const struct conf_line *conf_lines_find(const struct conf_lines *lines, const char *name);
const struct conf_line *conf_lines_find_others(const struct conf_lines *lines,
					       const char *name);

/* Does it win over our file, wherever that is included? */
bool conf_line_is_beyond(const struct conf_line *line);

/* "postgresql.conf:12", or "the server's command line". */
void conf_line_add_origin(struct text *ret, const struct conf_line *line);
