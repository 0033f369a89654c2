#include "base/ini.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iniparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
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

static const char *parse_quoted(char *s, struct line *line, struct text *clean)
{
	char *end = strchr(s + 1, *s), *rest;

	if (!end)
		return "the closing quote of a value is missing";
	rest = end + 1;
	while (*rest == ' ' || *rest == '\t')
		rest++;
	if (*rest && !is_comment(rest))
		return "text behind the closing quote of a value";
	text_add_bytes(clean, s, (size_t)(end + 1 - s));
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

static const char *parse_bare(char *s, struct line *line, struct text *clean)
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
	text_add(clean, line->value);
	return NULL;
}

/*
 * Returns what is wrong with the line, or NULL. Never a part of the line: it may be a
 * secret. What it says is added to clean.
 */
static const char *parse_line(char *s, struct line *line, struct text *clean)
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
	text_addf(clean, "%s = ", line->key);
	value = text_trim(value);
	if (*value == '"' || *value == '\'')
		return parse_quoted(value, line, clean);
	return parse_bare(value, line, clean);
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
		.line = number,
		.bare_with_comment = line->bare_with_comment,
	};
	text_add(secret_text(&entry->value), line->value);
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
		const struct ini_entry *twin;
		const char *wrong;

		number++;
		if (next)
			*next++ = '\0';
		if (strlen(s) > INI_LINE_MAX)
			return line_too_long(ini, number, fault);
		wrong = parse_line(s, &line, clean);
		if (!wrong && line.key && !*section)
			wrong = "a key before the first section";
		if (wrong) {
			fault_set(fault, FAULT_OPERATOR, "%s:%d: %s", ini->path, number,
				  wrong);
			fault_hint(
				fault,
				"Write \"[section]\", \"key = value\", or a comment that starts with \";\" or \"#\"; a password that quotes cannot carry goes into a file of its own, named by ..._password_file.");
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
				return -EINVAL;
			}
			text_add(clean, "\n");
			add_entry(ini, section, &line, number);
		}
		s = next;
	}
	return 0;
}

/* iniparser takes a path only. A pipe has one, and leaves no secret on a disk. */
static dictionary *load_clean(const struct secret *clean)
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
	if (file_write_all(writer, secret_reveal(clean), secret_len(clean)) < 0)
		return NULL;
	file_close(&writer);
	path = text_format("/proc/self/fd/%d", reader);
	return iniparser_load(path);
}

/* The child: a byte for each entry, '=' where iniparser reads what the file says. */
static void __attribute__((noreturn))
ask_iniparser(const struct ini *ini, const struct secret *clean, int answers)
{
	dictionary *dict = load_clean(clean);

	for (size_t i = 0; dict && i < ini->count; i++) {
		const struct ini_entry *entry = &ini->entries[i];
		STRING_AUTO name = text_format("%s:%s", entry->section, entry->key);
		const char *value = iniparser_getstring(dict, name, NULL);
		bool same = value && text_equal(value, secret_reveal(&entry->value));

		if (file_write_all(answers, same ? "=" : "!", 1) < 0)
			break;
	}
	_exit(0);
}

/* What iniparser read has to be what the file says, whichever iniparser it is. */
static int confirm(const struct ini *ini, const struct secret *clean, struct fault *fault)
{
	TEXT_AUTO answers = { 0 };
	FD_AUTO reader = -1;
	pid_t child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fault_errno(fault, FAULT_BUG, -errno, "could not make a pipe");
	reader = ends[0];
	child = fork();
	if (child == 0)
		ask_iniparser(ini, clean, ends[1]);
	close(ends[1]);
	(void)file_read_fd(reader, ini->count, &answers);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < answers.len; i++) {
		const struct ini_entry *entry = &ini->entries[i];

		if (answers.s[i] == '=')
			continue;
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%d: the value of \"%s\" cannot be read unchanged",
			  ini->path, entry->line, entry->key);
		fault_hint(
			fault,
			"Use the other kind of quotes; a password can stand in a file of its own, named by ..._password_file.");
		return -EINVAL;
	}
	return answers.len == ini->count
		       ? 0
		       : fault_set(fault, FAULT_BUG, "could not hand \"%s\" to iniparser",
				   ini->path);
}

static int parse_content(struct ini *ini, struct text *content, struct fault *fault)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	SECRET_AUTO clean = { { 0 } };
	char *start = content->s;
	int r;

	if (content->len == 0)
		return 0;
	if (strlen(start) != content->len) {
		fault_set(fault, FAULT_OPERATOR, "%s: the file has a NUL byte in it",
			  ini->path);
		fault_hint(fault, "Write it as plain text in UTF-8.");
		return -EINVAL;
	}
	if (text_starts_with(start, byte_order_mark))
		start += strlen(byte_order_mark);
	r = parse_into(ini, start, secret_text(&clean), fault);
	return r == 0 && ini->count ? confirm(ini, &clean, fault) : r;
}

int ini_parse(struct ini *ret, const char *path, struct secret *content,
	      struct fault *fault)
{
	struct ini ini = { .path = path };
	int r = parse_content(&ini, secret_text(content), fault);

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
		secret_clear(&ini->entries[i].value);
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
