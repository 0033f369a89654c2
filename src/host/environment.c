#include "host/environment.h"

#include "base/file.h"
#include "host/bus.h"

#include <errno.h>
#include <glob.h>
#include <string.h>

#define BLANKS   " \t"
#define NEWLINES "\n\r"

enum { FILE_MAX = 1024 * 1024 };

static size_t length_without_blanks(const char *s, size_t len)
{
	while (len && strchr(BLANKS, s[len - 1]))
		len--;
	return len;
}

/* Pieces in quotes, which may hold newlines, and then anything up to the end of the line. */
static int read_value(const char **at, struct text *ret)
{
	const char *s = *at + strspn(*at, BLANKS);
	size_t len;

	text_reset(ret);
	while (*s == '"' || *s == '\'') {
		const char *end = strchr(s + 1, *s);

		if (!end)
			return -EINVAL;
		text_add_bytes(ret, s + 1, (size_t)(end - s - 1));
		s = end + 1 + strspn(end + 1, BLANKS);
	}
	len = strcspn(s, NEWLINES);
	text_add_bytes(ret, s, length_without_blanks(s, len));
	*at = s + len;
	return 0;
}

int environment_read(const char *content, const char *name, struct text *ret)
{
	TEXT_AUTO value = { 0 };
	int found = 0;

	if (!strstr(content, name))
		return 0;
	if (strchr(content, '\\'))
		return -EINVAL;
	for (const char *s = content; *(s += strspn(s, BLANKS NEWLINES));) {
		const char *key = s;
		bool comment = *s == '#' || *s == ';';
		size_t len = strcspn(s, comment ? NEWLINES : "=" NEWLINES);

		s += len;
		if (comment || *s != '=')
			continue;
		s++;
		if (read_value(&s, &value) < 0)
			return -EINVAL;
		len = length_without_blanks(key, len);
		if (len != strlen(name) || strncmp(key, name, len) != 0)
			continue;
		text_reset(ret);
		text_add(ret, text_str(&value));
		found = 1;
	}
	return found;
}

static int read_file(const char *unit, const char *path, const char *name, bool optional,
		     struct text *ret, struct fault *fault)
{
	TEXT_AUTO content = { 0 };
	int r = file_read(path, FILE_MAX, &content);

	if (r < 0 && optional)
		return 0;
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\" for %s",
			    path, unit);
		fault_hint(fault,
			   "The service does not start without this file: create it, or correct EnvironmentFile= with \"systemctl edit %s\".",
			   unit);
		return r;
	}
	r = environment_read(text_str(&content), name, ret);
	if (r < 0) {
		fault_set(fault, FAULT_OPERATOR,
			  "could not find out what \"%s\" sets %s to", path, name);
		fault_hint(fault,
			   "Versions of systemd differ in reading backslashes and unclosed quotes: write the file without them.");
	}
	return r;
}

/* One entry of EnvironmentFile=, which may be a pattern. */
static int read_files(const char *unit, const char *pattern, const char *name,
		      bool optional, struct text *ret, struct fault *fault)
{
	glob_t files;
	int found = 0, r = 0;

	if (glob(pattern, 0, NULL, &files) != 0)
		return read_file(unit, pattern, name, optional, ret, fault);
	for (size_t i = 0; r >= 0 && i < files.gl_pathc; i++) {
		r = read_file(unit, files.gl_pathv[i], name, optional, ret, fault);
		found |= r > 0;
	}
	globfree(&files);
	return r < 0 ? r : found;
}

static int unreadable(const char *unit, struct fault *fault)
{
	fault_set(fault, FAULT_OPERATOR,
		  "could not read the environment of %s from systemd", unit);
	return fault_hint(fault, "See \"systemctl cat %s\".", unit);
}

static int find_assigned(const struct environment *environment, const char *name,
			 struct text *ret, struct fault *fault)
{
	STRING_AUTO prefix = text_format("%s=", name);
	const char *at = environment->assignments;
	TEXT_AUTO word = { 0 };
	int found = 0, r = bus_skip(&at, 2);

	while (r >= 0 && (r = bus_word(&at, &word)) > 0) {
		if (!text_starts_with(word.s, prefix))
			continue;
		text_reset(ret);
		text_add(ret, word.s + strlen(prefix));
		found = 1;
	}
	return r < 0 ? unreadable(environment->unit, fault) : found;
}

int environment_find(const struct environment *environment, const char *name,
		     struct text *ret, struct fault *fault)
{
	const char *at = environment->files;
	TEXT_AUTO path = { 0 };
	TEXT_AUTO optional = { 0 };
	int found = find_assigned(environment, name, ret, fault);
	int r = found < 0 ? found : bus_skip(&at, 2);

	if (r < 0)
		return found < 0 ? found : unreadable(environment->unit, fault);
	while ((r = bus_word(&at, &path)) > 0) {
		if (bus_word(&at, &optional) != 1)
			return unreadable(environment->unit, fault);
		r = read_files(environment->unit, path.s, name,
			       text_equal(optional.s, "true"), ret, fault);
		if (r < 0)
			return r;
		found |= r;
	}
	return r < 0 ? unreadable(environment->unit, fault) : found;
}
