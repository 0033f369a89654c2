#include "postgresql/conftree.h"

#include "base/file.h"
#include "postgresql/pgconf.h"

#include <errno.h>
#include <string.h>

enum { DEPTH_MAX = 10 };

#define BLANKS "\r\t "

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* What a backslash stands for: \n, \012, or the byte itself. Returns the last byte of it. */
static const char *add_escaped(const char *s, struct text *ret)
{
	static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *letter = *s ? strchr(letters, *s) : NULL;
	char byte = letter ? bytes[letter - letters] : *s;

	if (*s >= '0' && *s <= '7') {
		size_t len = strspn(s, "01234567");

		byte = 0;
		for (size_t i = 0; i < 3 && i < len; i++)
			byte = (char)((byte << 3) + (s[i] - '0'));
		s += len < 3 ? len - 1 : 2;
	}
	text_add_bytes(ret, &byte, 1);
	return s;
}

static bool parse_quoted(const char *s, struct text *ret)
{
	for (; *s && *s != '\n'; s++) {
		if (*s == '\'' && s[1] != '\'')
			return true;
		if (*s == '\\' && (!s[1] || s[1] == '\n'))
			return false;
		if (*s == '\\')
			s = add_escaped(s + 1, ret);
		else
			text_add_bytes(ret, *s == '\'' ? s++ : s, 1);
	}
	return false;
}

bool conftree_parse(const char *line, char ret_name[CONFTREE_NAME_MAX], struct text *ret_value)
{
	size_t before = ret_value->len, len = 0;

	line += strspn(line, BLANKS);
	for (; len < CONFTREE_NAME_MAX - 1 && is_name_byte(line[len]); len++)
		ret_name[len] = (char)(line[len] >= 'A' && line[len] <= 'Z' ? line[len] | 0x20
									    : line[len]);
	ret_name[len] = '\0';
	if (!len || is_name_byte(line[len]))
		return false;
	line += len + strspn(line + len, BLANKS);
	if (*line == '=')
		line += 1 + strspn(line + 1, BLANKS);
	if (*line == '\'') {
		if (parse_quoted(line + 1, ret_value))
			return true;
		if (ret_value->len > before)
			text_shorten(ret_value, before);
		return false;
	}
	len = strcspn(line, BLANKS "\n#");
	text_add_bytes(ret_value, line, len);
	return len > 0;
}

char *conftree_path(const char *directory, const char *path)
{
	return *path == '/' ? text_copy(path) : text_format("%s/%s", directory, path);
}

bool conftree_read(const char *directory, const char *path, struct text *ret)
{
	STRING_AUTO file = conftree_path(directory, path);
	struct stat st;

	/* opening a FIFO would wait: included files are named by somebody else */
	return stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read(file, CONFTREE_FILE_MAX, ret) == 0 &&
	       strlen(text_str(ret)) == ret->len;
}

struct walk {
	const char *directory;
	conftree_visit *visit;
	void *arg;
	int files;
};

/* Relative to the file that includes it; what may lead out of the directory is outside. */
static char *resolve(const struct walk *walk, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	STRING_AUTO path = NULL;

	if (*name == '/' || !slash)
		path = text_copy(name);
	else
		path = text_format("%.*s/%s", (int)(slash - from), from, name);
	if (*path != '/' && strstr(path, ".."))
		return text_format("%s/%s", walk->directory, path);
	return text_copy(path);
}

bool conftree_is_member(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > strlen(".conf") &&
	       text_equal(name + len - strlen(".conf"), ".conf");
}

static int walk_file(struct walk *walk, const char *path, int depth);

static int walk_folder(struct walk *walk, const char *path, int depth)
{
	STRING_AUTO entered = text_format("%s/", path);
	STRING_AUTO folder = conftree_path(walk->directory, path);
	DIR_AUTO dir = NULL;
	const struct dirent *entry;
	int r = walk->visit(walk->arg, entered);

	dir = r == 0 ? opendir(folder) : NULL;
	while (r == 0 && dir && (entry = file_next(dir))) {
		STRING_AUTO child = text_format("%s/%s", path, entry->d_name);

		if (conftree_is_member(entry->d_name))
			r = walk_file(walk, child, depth);
	}
	return r;
}

static int walk_line(struct walk *walk, const char *path, int depth, const char *line)
{
	char name[CONFTREE_NAME_MAX];
	TEXT_AUTO value = { 0 };
	STRING_AUTO included = NULL;

	if (!conftree_parse(line, name, &value) || !value.len)
		return 0;
	included = resolve(walk, path, text_str(&value));
	if (text_equal(name, "include_dir"))
		return walk_folder(walk, included, depth + 1);
	if (text_equal(name, "include") || text_equal(name, "include_if_exists"))
		return walk_file(walk, included, depth + 1);
	return 0;
}

static int walk_file(struct walk *walk, const char *path, int depth)
{
	TEXT_AUTO content = { 0 };
	int r;

	/* the server gives up there too */
	if (depth > DEPTH_MAX || text_equal(path, PGCONF_FILE))
		return 0;
	if (walk->files++ >= CONFTREE_FILES_MAX)
		return -E2BIG;
	r = walk->visit(walk->arg, path);
	if (r < 0 || !conftree_read(walk->directory, path, &content))
		return r;
	for (const char *line = text_str(&content); r == 0 && *line;
	     line += pgconf_line_length(line))
		r = walk_line(walk, path, depth, line);
	return r;
}

int conftree_walk(const char *directory, conftree_visit *visit, void *arg)
{
	struct walk walk = { .directory = directory, .visit = visit, .arg = arg };

	return walk_file(&walk, "postgresql.conf", 0);
}
