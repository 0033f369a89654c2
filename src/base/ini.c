#include "base/ini.h"

#include "base/file.h"
#include "base/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iniparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What one line turned out to hold; the pointers are into the line. */
struct line {
	char *section; /* of a section line */
	char *key;     /* of a key line, with: */
	char *value;
	bool bare_with_comment;
};

static bool is_name(const char *s)
{
	size_t len = strlen(s);

	if (!len || len > INI_NAME_MAX)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == len;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static bool is_comment(const char *s)
{
	return *s == ';' || *s == '#';
}

static const char *parse_section(char *s, struct line *line)
{
	char *end = strchr(s, ']');

	if (!end)
		return "\"]\" is missing behind the name of a section";
	*end++ = '\0';
	end = text_trim(end);
	if (*end && !is_comment(end))
		return "text behind the name of a section";
	line->section = text_trim(s + 1);
	if (!is_name(line->section))
		return "this is no name of a section";
	lower(line->section);
	return NULL;
}

static const char *parse_quoted(char *s, struct line *line, struct text *raw)
{
	char *end = strchr(s + 1, *s), *rest;

	if (!end)
		return "the closing quote of a value is missing";
	rest = end + 1;
	while (*rest == ' ' || *rest == '\t')
		rest++;
	if (*rest && !is_comment(rest))
		return "text behind the closing quote of a value";
	text_add_bytes(raw, s, (size_t)(end + 1 - s));
	*end = '\0';
	line->value = s + 1;
	/* iniparser 3.1 would strip them in silence */
	if (*line->value &&
	    (isspace((unsigned char)s[1]) || isspace((unsigned char)end[-1])))
		return "a quoted value cannot start or end with a blank";
	/* and take these for an empty one */
	if (text_equal(line->value, "\"\"") || text_equal(line->value, "''"))
		return "a value of two quotes and nothing else";
	return NULL;
}

static const char *parse_bare(char *s, struct line *line, struct text *raw)
{
	size_t len = strcspn(s, ";#");

	if (s[len]) {
		if (len && !isspace((unsigned char)s[len - 1]))
			return "a value with \";\" or \"#\" in it has to be quoted";
		line->bare_with_comment = true;
		s[len] = '\0';
	}
	line->value = text_trim(s);
	len = strlen(line->value);
	if (len && line->value[len - 1] == '\\')
		return "a value that ends in a backslash has to be quoted";
	text_add(raw, line->value);
	return NULL;
}

/*
 * Returns what is wrong with the line, or NULL. Never a part of the line: it may be a
 * secret.
 */
static const char *parse_line(char *s, struct line *line, struct text *raw)
{
	char *value;

	s = text_trim(s);
	if (!*s || is_comment(s))
		return NULL;
	for (const unsigned char *c = (unsigned char *)s; *c; c++)
		if (*c != '\t' && (*c < ' ' || *c == 0x7f))
			return "a control character";
	if (*s == '[')
		return parse_section(s, line);
	value = strchr(s, '=');
	if (!value)
		return "this is neither \"[section]\" nor \"key = value\"";
	*value++ = '\0';
	line->key = text_trim(s);
	if (!is_name(line->key))
		return "what stands before \"=\" is no name of a key";
	lower(line->key);
	value = text_trim(value);
	if (*value == '"' || *value == '\'')
		return parse_quoted(value, line, raw);
	return parse_bare(value, line, raw);
}

static void add_entry(struct ini *ini, const char *section, const struct line *line,
		      int number)
{
	struct ini_entry *entry;

	ini->entries = mem_resize(ini->entries, (ini->count + 1) * sizeof(*ini->entries));
	entry = &ini->entries[ini->count++];
	*entry = (struct ini_entry){
		.section = text_copy(section),
		.key = text_copy(line->key),
		.value = text_copy(line->value),
		.line = number,
		.bare_with_comment = line->bare_with_comment,
	};
}

static int line_too_long(const struct ini *ini, int number, struct fault *fault)
{
	fault_set(fault, FAULT_OPERATOR, "%s:%d: the line is longer than %d bytes",
		  ini->path, number, INI_LINE_MAX);
	fault_hint(fault, "Shorten it, or break a comment into several lines.");
	return -EINVAL;
}

static int parse_into(struct ini *ini, char *s, struct text *clean, struct fault *fault)
{
	char section[INI_NAME_MAX + 1] = "";
	int number = 0;

	while (s) {
		char *next = strchr(s, '\n');
		struct line line = { 0 };
		TEXT_AUTO raw = { 0 };
		const struct ini_entry *twin;
		const char *wrong;

		number++;
		if (next)
			*next++ = '\0';
		if (strlen(s) > INI_LINE_MAX)
			return line_too_long(ini, number, fault);
		wrong = parse_line(s, &line, &raw);
		if (!wrong && line.key && !*section)
			wrong = "a key before the first section";
		if (wrong) {
			fault_set(fault, FAULT_OPERATOR, "%s:%d: %s", ini->path, number,
				  wrong);
			fault_hint(
				fault,
				"Write \"[section]\", \"key = value\", or a comment that starts with \";\" or \"#\"; a password that quotes cannot carry goes into a file of its own, named by ..._password_file.");
			secret_wipe(raw.s, raw.len);
			return -EINVAL;
		}
		if (line.section) {
			text_addf(clean, "[%s]\n", line.section);
			memcpy(section, line.section, strlen(line.section) + 1);
		} else if (line.key) {
			twin = ini_find(ini, section, line.key);
			if (twin) {
				fault_set(
					fault, FAULT_OPERATOR,
					"%s:%d: key \"%s\" stands a second time in section [%s]",
					ini->path, number, line.key, section);
				fault_hint(fault, "Remove it here or in line %d.",
					   twin->line);
				secret_wipe(raw.s, raw.len);
				return -EINVAL;
			}
			text_addf(clean, "%s = %s\n", line.key, text_str(&raw));
			add_entry(ini, section, &line, number);
			if (raw.s)
				secret_wipe(raw.s, raw.len);
		}
		s = next;
	}
	return 0;
}

/* iniparser takes a path only. A pipe has one, and leaves no secret on a disk. */
static dictionary *load_clean(const struct text *clean)
{
	FD_AUTO reader = -1;
	FD_AUTO writer = -1;
	STRING_AUTO path = NULL;
	int ends[2];

	/* a pipe holds 64 KiB, twice INI_FILE_MAX: the write cannot block */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	reader = ends[0];
	writer = ends[1];
	if (file_write_all(writer, text_str(clean), clean->len) < 0)
		return NULL;
	file_close(&writer);
	path = text_format("/proc/self/fd/%d", reader);
	return iniparser_load(path);
}

/* What iniparser read has to be what the file says, whichever iniparser it is. */
static int confirm(const struct ini *ini, dictionary *dict, struct fault *fault)
{
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_entry *entry = &ini->entries[i];
		STRING_AUTO name = text_format("%s:%s", entry->section, entry->key);
		/* 3.1 returns char *, 4.1 const char *; the memory is the dictionary's */
		char *value = (char *)iniparser_getstring(dict, name, NULL);
		bool same = value && text_equal(value, entry->value);

		if (value)
			secret_wipe(value, strlen(value));
		if (same)
			continue;
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%d: the value of \"%s\" cannot be read unchanged",
			  ini->path, entry->line, entry->key);
		fault_hint(
			fault,
			"Use the other kind of quotes; a password can stand in a file of its own, named by ..._password_file.");
		return -EINVAL;
	}
	return 0;
}

static int parse_copy(struct ini *ini, char *copy, size_t len, struct fault *fault)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	TEXT_AUTO clean = { 0 };
	dictionary *dict = NULL;
	int r;

	if (strlen(copy) != len) {
		fault_set(fault, FAULT_OPERATOR, "%s: the file has a NUL byte in it",
			  ini->path);
		fault_hint(fault, "Write it as plain text in UTF-8.");
		return -EINVAL;
	}
	if (text_starts_with(copy, byte_order_mark))
		copy += strlen(byte_order_mark);
	/* never moved once it holds a secret, so that wiping it at the end wipes all */
	clean.cap = 2 * len + 64;
	clean.s = mem_zalloc(clean.cap);
	r = parse_into(ini, copy, &clean, fault);
	if (r == 0 && ini->count) {
		dict = load_clean(&clean);
		r = dict ? confirm(ini, dict, fault) : -ENOMEM;
		if (!dict)
			fault_errno(fault, FAULT_BUG, r,
				    "could not hand \"%s\" to iniparser", ini->path);
	}
	if (dict)
		iniparser_freedict(dict);
	secret_wipe(clean.s, clean.cap);
	return r;
}

int ini_parse(struct ini *ret, const char *path, const struct text *content,
	      struct fault *fault)
{
	struct ini ini = { .path = path };
	char *copy = mem_zalloc(content->len + 1);
	int r;

	memcpy(copy, text_str(content), content->len);
	r = parse_copy(&ini, copy, content->len, fault);
	secret_wipe(copy, content->len);
	free(copy);
	if (r < 0)
		ini_free(&ini);
	else
		*ret = ini;
	return r;
}

void ini_free(struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		text_drop(&ini->entries[i].section);
		text_drop(&ini->entries[i].key);
		secret_drop(&ini->entries[i].value);
	}
	free(ini->entries);
	ini->entries = NULL;
	ini->count = 0;
}

const struct ini_entry *ini_find(const struct ini *ini, const char *section,
				 const char *key)
{
	for (size_t i = 0; i < ini->count; i++)
		if (text_equal(ini->entries[i].section, section) &&
		    text_equal(ini->entries[i].key, key))
			return &ini->entries[i];
	return NULL;
}
