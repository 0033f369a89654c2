#include "postgresql/conf_lines.h"

#include "base/file.h"
#include "postgresql/pgconf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	BYTES_MAX = 16 * 1024 * 1024,
	LINES_MAX = 20 * 1000,
	FILES_MAX = 1000,
	DEPTH_MAX = 10, /* as the server's */
};

void conf_lines_free(struct conf_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		text_drop(&lines->items[i].name);
		text_drop(&lines->items[i].spelt);
		text_drop(&lines->items[i].value);
		text_drop(&lines->items[i].file);
	}
	free(lines->items);
	lines->items = NULL;
	lines->count = 0;
}

/* The server folds letters of ASCII only. */
static char *fold(const char *name)
{
	char *folded = text_copy(name);

	for (char *s = folded; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	return folded;
}

void conf_lines_add(struct conf_lines *lines, const char *name, const char *value,
		    const char *file, long number, enum conf_origin origin)
{
	/* one allocation for many lines */
	if (lines->count % 64 == 0)
		lines->items = mem_resize(lines->items,
					  (lines->count + 64) * sizeof(*lines->items));
	lines->items[lines->count++] = (struct conf_line){
		.name = fold(name),
		.spelt = text_copy(name),
		.value = text_copy(value),
		.file = text_copy(file),
		.number = number,
		.origin = origin,
	};
}

/* --- paths --- */

char *conf_path(const char *directory, const char *path)
{
	return *path == '/' ? text_copy(path) : text_format("%s/%s", directory, path);
}

/* What may lead out of the directory is outside of it. */
static char *from_directory(const char *directory, const char *path)
{
	size_t len = strlen(directory);
	bool starts_there = text_starts_with(path, directory) && path[len] == '/';

	if (strstr(starts_there ? path + len : path, ".."))
		return conf_path(directory, path);
	return text_copy(starts_there ? path + len + strspn(path + len, "/") : path);
}

/* The path in an include is relative to the file that it is in. */
static char *included(const char *directory, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	STRING_AUTO target = *path == '/' || !slash
				     ? text_copy(path)
				     : text_format("%.*s/%s", (int)(slash - file), file,
						   path);

	return from_directory(directory, target);
}

bool conf_is_member(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > strlen(".conf") &&
	       text_equal(name + len - strlen(".conf"), ".conf");
}

/* --- files --- */

int conf_read(const char *directory, const char *path, struct text *ret)
{
	STRING_AUTO file = conf_path(directory, path);
	struct stat st;

	int r = stat(file, &st) < 0 ? -errno : 0;

	/* opening a FIFO would wait: included files are named by somebody else */
	if (r == 0)
		r = S_ISREG(st.st_mode) ? file_read(file, CONF_FILE_MAX, ret) : -EINVAL;
	return r == 0 && strlen(text_str(ret)) != ret->len ? -EINVAL : r;
}

struct walk {
	struct conf_lines *lines;
	const char *directory; /* PGDATA */
	const char *ours;      /* the path of our file */
	conf_visit *visit;
	void *arg;
	size_t files, bytes; /* read so far */
	struct fault *fault;
};

/* What is being read, and how deep it is included. */
struct place {
	const char *path;
	enum conf_origin origin;
	int depth;
};

static int walk_file(struct walk *walk, struct place place);

static int is_included(const struct dirent *entry)
{
	return conf_is_member(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_folder(struct walk *walk, struct place place)
{
	STRING_AUTO entered = text_format("%s/", place.path);
	STRING_AUTO folder = conf_path(walk->directory, place.path);
	struct dirent **entries = NULL;
	int r = walk->visit ? walk->visit(walk->arg, entered) : 0;
	int count = r < 0 ? 0 : scandir(folder, &entries, is_included, by_bytes);

	for (int i = 0; i < count; i++) {
		STRING_AUTO file = text_format("%s/%s", folder, entries[i]->d_name);
		STRING_AUTO path = from_directory(walk->directory, file);
		struct stat st;

		if (r == 0 && (stat(file, &st) < 0 || !S_ISDIR(st.st_mode)))
			r = walk_file(walk,
				      (struct place){ path, place.origin, place.depth });
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int walk_line(struct walk *walk, struct place place, long number, const char *name,
		     const char *value)
{
	STRING_AUTO target = included(walk->directory, place.path, value);
	struct place below = { target, place.origin, place.depth + 1 };

	if (strcasecmp(name, "include_dir") == 0)
		return walk_folder(walk, below);
	if (strcasecmp(name, "include") == 0 || strcasecmp(name, "include_if_exists") == 0)
		return walk_file(walk, below);
	if (walk->lines->count >= LINES_MAX)
		return fault_set(walk->fault, FAULT_OPERATOR,
				 "the server's configuration has more than %d lines",
				 LINES_MAX);
	conf_lines_add(walk->lines, name, value, place.path, number, place.origin);
	return 0;
}

static int walk_lines(struct walk *walk, struct place place, const char *content)
{
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };
	int r = 0;

	for (long number = 1; r == 0 && *content; number++) {
		if (pgconf_parse(content, &name, &value))
			r = walk_line(walk, place, number, text_str(&name), text_str(&value));
		content += pgconf_line_length(content);
	}
	return r;
}

static int count_file(struct walk *walk, size_t bytes)
{
	walk->bytes += bytes;
	if (walk->bytes > BYTES_MAX || ++walk->files > FILES_MAX)
		return fault_set(walk->fault, FAULT_OPERATOR,
				 "the server's configuration is more than %d files or %d MB",
				 FILES_MAX, BYTES_MAX >> 20);
	return 0;
}

static int walk_file(struct walk *walk, struct place place)
{
	STRING_AUTO file = conf_path(walk->directory, place.path);
	TEXT_AUTO content = { 0 };
	int r = 0;

	if (place.depth > DEPTH_MAX)
		return 0;
	if (walk->visit)
		r = walk->visit(walk->arg, place.path);
	if (r < 0)
		return r;
	r = conf_read(walk->directory, place.path, &content);

	/* nor can the server read it: it runs as the same user, and reports it */
	if (r < 0 && (place.depth || r == -ENOENT))
		return count_file(walk, 0);
	if (r < 0)
		return fault_errno(walk->fault, FAULT_OPERATOR, r,
				   "could not read \"%s\"", file);
	if (place.origin == CONF_FILE && file_is_same(file, walk->ours))
		place.origin = CONF_OURS;
	r = count_file(walk, content.len);
	return r < 0 ? r : walk_lines(walk, place, text_str(&content));
}

int conf_lines_walk(struct conf_lines *ret, const char *path, const char *directory,
		    conf_visit *visit, void *arg, struct fault *fault)
{
	STRING_AUTO first = from_directory(directory, path);
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, directory);
	struct walk walk = {
		.lines = ret,
		.directory = directory,
		.ours = ours,
		.visit = visit,
		.arg = arg,
		.fault = fault,
	};
	int r = walk_file(&walk, (struct place){ first, CONF_FILE, 0 });

	return r < 0 ? r : walk_file(&walk, (struct place){ CONF_AUTO_FILE, CONF_AUTO, 0 });
}

int conf_lines_read(struct conf_lines *ret, const char *path, const char *directory,
		    struct fault *fault)
{
	return conf_lines_walk(ret, path, directory, NULL, NULL, fault);
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
