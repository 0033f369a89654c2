#include "postgresql/conf_lines.h"

#include "base/file.h"
#include "postgresql/pgconf.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	FILE_MAX = 4 * 1024 * 1024,
	LINES_MAX = 100 * 1000,
	FILES_MAX = 1000,
	DEPTH_MAX = 10, /* as the server's */
};

void conf_lines_free(struct conf_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		text_drop(&lines->items[i].name);
		text_drop(&lines->items[i].value);
		text_drop(&lines->items[i].file);
	}
	free(lines->items);
	lines->items = NULL;
	lines->count = 0;
}

void conf_lines_add(struct conf_lines *lines, const char *name, const char *value,
		    const char *file, long number, enum conf_origin origin)
{
	/* one allocation for many lines */
	if (lines->count % 64 == 0)
		lines->items = mem_resize(lines->items,
					  (lines->count + 64) * sizeof(*lines->items));
	lines->items[lines->count++] = (struct conf_line){
		.name = text_copy(name),
		.value = text_copy(value),
		.file = text_copy(file),
		.number = number,
		.origin = origin,
	};
}

/* --- one line --- */

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r");
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* What stands for itself after a backslash, and what does not. */
static const char *unescape(const char *s, struct text *ret)
{
	static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *known = *s ? strchr(letters, *s) : NULL;
	char c = known ? bytes[known - letters] : *s;

	if (!*s)
		return s;
	if (is_octal(*s)) {
		c = 0;
		for (int digits = 0; digits < 3 && is_octal(*s); digits++)
			c = (char)(c * 8 + (*s++ - '0'));
		s--;
	}
	text_add_bytes(ret, &c, 1);
	return s + 1;
}

/* In quotes: '' and \' are a quote. */
static void read_quoted(const char *s, struct text *ret)
{
	while (*s && !(*s == '\'' && s[1] != '\'')) {
		if (*s == '\\') {
			s = unescape(s + 1, ret);
			continue;
		}
		s += *s == '\'';
		text_add_bytes(ret, s++, 1);
	}
}

/* A name and a value, with or without "=" between them. Neither, in a comment. */
static bool read_line(const char *line, struct text *ret_name, struct text *ret_value)
{
	const char *s = skip_blanks(line);
	size_t len = strcspn(s, " \t\r=#'");

	text_reset(ret_name);
	text_reset(ret_value);
	text_add_bytes(ret_name, s, len);
	s = skip_blanks(s + len);
	if (*s == '=')
		s = skip_blanks(s + 1);
	if (*s == '\'')
		read_quoted(s + 1, ret_value);
	else
		text_add_bytes(ret_value, s, strcspn(s, " \t\r#"));
	return len && (*s == '\'' || ret_value->len);
}

/* --- files --- */

struct reading {
	struct conf_lines *lines;
	const char *directory; /* PGDATA */
	const char *ours;      /* the path of our file */
	size_t *files;         /* read so far */
	struct fault *fault;
};

static int read_file(const struct reading *reading, const char *path,
		     enum conf_origin origin, int depth);

/* A path in an include is relative to the file that it is in. */
static char *beside(const char *file, const char *path)
{
	STRING_AUTO copy = text_copy(file);

	return *path == '/' ? text_copy(path) : text_format("%s/%s", dirname(copy), path);
}

static int is_included(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(".conf") && entry->d_name[0] != '.' &&
	       text_equal(entry->d_name + len - strlen(".conf"), ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(const struct reading *reading, const char *path,
			  enum conf_origin origin, int depth)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_included, by_bytes), r = 0;

	for (int i = 0; i < count; i++) {
		STRING_AUTO file = text_format("%s/%s", path, entries[i]->d_name);
		struct stat st;

		if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			r = read_file(reading, file, origin, depth);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int take_line(const struct reading *reading, const char *path, long number,
		     const char *name, const char *value, enum conf_origin origin, int depth)
{
	STRING_AUTO target = beside(path, value);
	size_t len = strlen(reading->directory);
	bool inside = text_starts_with(path, reading->directory) && path[len] == '/' &&
		      !strstr(path + len, "..");

	if (strcasecmp(name, "include_dir") == 0)
		return read_directory(reading, target, origin, depth + 1);
	if (strcasecmp(name, "include") == 0 || strcasecmp(name, "include_if_exists") == 0)
		return read_file(reading, target, origin, depth + 1);
	if (reading->lines->count >= LINES_MAX)
		return fault_set(reading->fault, FAULT_OPERATOR,
				 "the server's configuration has more than %d lines",
				 LINES_MAX);
	conf_lines_add(reading->lines, name, value, inside ? path + len + 1 : path,
		       number, origin);
	return 0;
}

static int read_file(const struct reading *reading, const char *path,
		     enum conf_origin origin, int depth)
{
	TEXT_AUTO content = { 0 };
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };
	long number = 0;
	int r;

	if (++*reading->files > FILES_MAX)
		return fault_set(reading->fault, FAULT_OPERATOR,
				 "the server's configuration includes more than %d files",
				 FILES_MAX);
	r = depth > DEPTH_MAX ? 0 : file_read(path, FILE_MAX, &content);

	/* nor can the server read it: it runs as the same user, and reports it */
	if (r < 0 && (depth || r == -ENOENT))
		return 0;
	if (r < 0)
		return fault_errno(reading->fault, FAULT_OPERATOR, r,
				   "could not read \"%s\"", path);
	if (origin == CONF_FILE && file_is_same(path, reading->ours))
		origin = CONF_OURS;
	for (char *line = content.s, *next; line && *line && r == 0; line = next) {
		next = line + pgconf_line_length(line);
		if (next[-1] == '\n')
			next[-1] = '\0';
		number++;
		if (read_line(line, &name, &value))
			r = take_line(reading, path, number, text_str(&name),
				      text_str(&value), origin, depth);
	}
	return r;
}

int conf_lines_read(struct conf_lines *ret, const char *path, const char *directory,
		    struct fault *fault)
{
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, directory);
	STRING_AUTO automatic = text_format("%s/postgresql.auto.conf", directory);
	size_t files = 0;
	const struct reading reading = {
		.files = &files,
		.lines = ret,
		.directory = directory,
		.ours = ours,
		.fault = fault,
	};
	int r = read_file(&reading, path, CONF_FILE, 0);

	return r < 0 ? r : read_file(&reading, automatic, CONF_AUTO, 0);
}

/* --- asking --- */

static const struct conf_line *find(const struct conf_lines *lines, const char *name, bool ours)
{
	for (size_t i = lines->count; i-- > 0;)
		if (strcasecmp(lines->items[i].name, name) == 0 &&
		    (ours || lines->items[i].origin != CONF_OURS))
			return &lines->items[i];
	return NULL;
}

const struct conf_line *conf_lines_find(const struct conf_lines *lines, const char *name)
{
	return find(lines, name, true);
}

const struct conf_line *conf_lines_find_others(const struct conf_lines *lines,
					       const char *name)
{
	return find(lines, name, false);
}

bool conf_line_is_beyond(const struct conf_line *line)
{
	return line->origin == CONF_AUTO || line->origin == CONF_COMMAND_LINE;
}

void conf_line_add_origin(struct text *ret, const struct conf_line *line)
{
	if (line->origin == CONF_COMMAND_LINE)
		text_add(ret, "the server's command line");
	else
		text_addf(ret, "%s:%ld", line->file, line->number);
}
