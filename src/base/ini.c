#include "base/ini.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iniparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one line holds; the pointers point into the line. */
struct line {
	bool is_section;
	char *section;
	char *key; /* of a key line, with: */
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
		return "missing \"]\" after the section name";
	*end++ = '\0';
	end = text_trim(end);
	if (*end && !is_comment(end))
		return "unexpected text after the section name";
	line->section = text_trim(s + 1);
	if (!is_name(line->section))
		return "invalid section name";
	lower(line->section);
	return NULL;
}

static const char *parse_quoted(char *s, struct line *line, struct text *clean)
{
	char *end = strchr(s + 1, *s), *rest;

	if (!end)
		return "missing closing quote";
	rest = end + 1;
	while (*rest == ' ' || *rest == '\t')
		rest++;
	if (*rest && !is_comment(rest))
		return "unexpected text after the closing quote";
	text_add_bytes(clean, s, (size_t)(end + 1 - s));
	*end = '\0';
	line->value = s + 1;
	/* iniparser 3.1 would strip them silently */
	if (*line->value && (isspace((unsigned char)s[1]) || isspace((unsigned char)end[-1])))
		return "a quoted value cannot start or end with a blank";
	/* and take these for an empty value */
	if (text_equal(line->value, "\"\"") || text_equal(line->value, "''"))
		return "a quoted value cannot consist of two quotes";
	return NULL;
}

static const char *parse_bare(char *s, struct line *line, struct text *clean)
{
	size_t len = strcspn(s, ";#");

	if (s[len]) {
		if (len && !isspace((unsigned char)s[len - 1]))
			return "a value that contains \";\" or \"#\" must be quoted";
		line->bare_with_comment = true;
		s[len] = '\0';
	}
	line->value = text_trim(s);
	len = strlen(line->value);
	if (len && line->value[len - 1] == '\\')
		return "a value that ends with a backslash must be quoted";
	text_add(clean, line->value);
	return NULL;
}

static bool has_control_character(const char *s)
{
	for (const unsigned char *c = (const unsigned char *)s; *c; c++)
		if (*c != '\t' && (*c < ' ' || *c == 0x7f))
			return true;
	return false;
}

/*
 * Returns what is wrong with the line, or NULL. The message never quotes the line, which
 * may be a secret. The kind of line and its key are set even if the rest is wrong. A key
 * line is added to clean.
 */
static const char *parse_line(char *s, struct line *line, struct text *clean)
{
	const char *wrong;
	char *value;

	s = text_trim(s);
	if (!*s || is_comment(s))
		return NULL;
	wrong = has_control_character(s) ? "the line contains a control character" : NULL;
	line->is_section = *s == '[';
	if (line->is_section)
		return wrong ? wrong : parse_section(s, line);
	value = strchr(s, '=');
	if (!value)
		return wrong ? wrong
			     : "the line is neither \"[section]\" nor \"key = value\"";
	*value++ = '\0';
	s = text_trim(s);
	if (is_name(s)) {
		lower(s);
		line->key = s;
	} else if (!wrong) {
		wrong = "invalid key name before \"=\"";
	}
	if (wrong)
		return wrong;
	text_add(clean, line->key);
	text_add(clean, " = ");
	value = text_trim(value);
	if (*value == '"' || *value == '\'')
		return parse_quoted(value, line, clean);
	return parse_bare(value, line, clean);
}

/* The current position, and what was seen so far. */
struct place {
	int line;
	char section[INI_NAME_MAX + 1]; /* "": not known */
	bool complained;                /* about the missing section: once is enough */
	bool in_doubt;                  /* a line could not be read */
};

static void add_entry(struct ini *ini, const struct place *place, const struct line *line,
		      bool wrong)
{
	struct ini_entry *entry;

	ini->entries = mem_resize(ini->entries, (ini->count + 1) * sizeof(*ini->entries));
	entry = &ini->entries[ini->count++];
	*entry = (struct ini_entry){
		.section = text_copy(place->section),
		.key = text_copy(line->key),
		.line = place->line,
		.bare_with_comment = line->bare_with_comment,
		.wrong = wrong,
		.in_doubt = place->in_doubt,
	};
	if (!wrong)
		text_add(secret_text(&entry->value), line->value);
}

static void malformed(const struct place *place, const char *wrong, struct findings *findings)
{
	struct fault *fault = findings_add(findings, place->line);

	fault_set(fault, FAULT_OPERATOR, "%s", wrong);
	fault_hint(fault,
		   "Write \"[section]\", \"key = value\", or a comment that starts with \";\" or \"#\"; a password that cannot be quoted belongs in a separate file (..._password_file).");
}

static void line_too_long(const struct place *place, struct findings *findings)
{
	struct fault *fault = findings_add(findings, place->line);

	fault_set(fault, FAULT_OPERATOR, "the line is longer than %d bytes", INI_LINE_MAX);
	fault_hint(fault, "Shorten it, or split a comment into several lines.");
}

static void set_twice(const struct place *place, const struct line *line,
		      const struct ini_entry *twin, struct findings *findings)
{
	struct fault *fault = findings_add(findings, place->line);

	if (place->in_doubt)
		fault_set(fault, FAULT_OPERATOR, "a key is set twice");
	else
		fault_set(fault, FAULT_OPERATOR, "key \"%s\" is set twice in section [%s]",
			  line->key, place->section);
	fault_hint(fault, "Remove it here or in line %d.", twin->line);
}

/* wrong: an error on this line has already been reported. */
static void take_key(struct ini *ini, struct place *place, const struct line *line,
		     bool wrong, struct findings *findings)
{
	const struct ini_entry *twin = NULL;

	if (*place->section)
		twin = ini_find(ini, place->section, line->key);
	else if (!place->complained && !wrong)
		malformed(place, "key before the first section", findings);
	place->complained = place->complained || !*place->section;
	if (twin && !wrong)
		set_twice(place, line, twin, findings);
	add_entry(ini, place, line, wrong || twin || !*place->section);
}

static void take_line(struct ini *ini, struct place *place, char *s, struct text *clean,
		      struct findings *findings)
{
	bool too_long = strlen(s) > INI_LINE_MAX;
	struct line line = { 0 };
	const char *wrong = parse_line(s, &line, clean);

	place->line++;
	if (too_long)
		line_too_long(place, findings);
	else if (wrong)
		malformed(place, wrong, findings);
	/* no secret begins with the line of a section */
	place->in_doubt = place->in_doubt || (!line.is_section && (too_long || wrong));
	if (line.is_section) {
		snprintf(place->section, sizeof(place->section), "%s",
			 wrong ? "" : line.section);
		place->complained = wrong;
		text_addf(clean, "[%s]\n", place->section);
	} else if (line.key) {
		take_key(ini, place, &line, wrong || too_long, findings);
		text_add(clean, "\n");
	}
}

static void take_lines(struct ini *ini, char *s, struct text *clean, struct findings *findings)
{
	struct place place = { .line = 0 };

	while (s) {
		char *next = strchr(s, '\n');

		if (next)
			*next++ = '\0';
		take_line(ini, &place, s, clean, findings);
		s = next;
	}
}

/* iniparser only takes a path. A pipe has one, and leaves no secret on disk. */
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

/* The child: one byte per entry, '=' if iniparser reads what the file says. */
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

/* Whichever iniparser this is, it must read what the file says. */
static int confirm(struct ini *ini, const struct secret *clean, struct findings *findings)
{
	TEXT_AUTO answers = { 0 };
	FD_AUTO reader = -1;
	struct fault *fault;
	pid_t child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fault_errno(findings_add(findings, 0), FAULT_BUG, -errno,
				   "could not create a pipe");
	reader = ends[0];
	child = fork();
	if (child == 0)
		ask_iniparser(ini, clean, ends[1]);
	close(ends[1]);
	(void)file_read_fd(reader, ini->count, &answers);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (answers.len != ini->count)
		return fault_set(findings_add(findings, 0), FAULT_BUG,
				 "could not pass \"%s\" to iniparser", findings->path);
	for (size_t i = 0; i < ini->count; i++) {
		struct ini_entry *entry = &ini->entries[i];

		entry->wrong = answers.s[i] != '=';
		if (!entry->wrong)
			continue;
		fault = findings_add(findings, entry->line);
		fault_set(fault, FAULT_OPERATOR,
			  "the value of \"%s\" would not be read as written", entry->key);
		fault_hint(fault,
			   "Use the other kind of quotes, or put a password in a separate file (..._password_file).");
	}
	return 0;
}

int ini_parse(struct ini *ret, struct secret *content, struct findings *findings)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct ini ini = { .count = 0 };
	SECRET_AUTO clean = { { 0 } };
	char *start = secret_text(content)->s;
	struct fault *fault;
	int r = 0;

	if (start && strlen(start) != secret_len(content)) {
		fault = findings_add(findings, 0);
		fault_set(fault, FAULT_OPERATOR, "%s: the file contains a NUL byte",
			  findings->path);
		fault_hint(fault, "Save it as plain text in UTF-8.");
		return -EINVAL;
	}
	if (start && text_starts_with(start, byte_order_mark))
		start += strlen(byte_order_mark);
	take_lines(&ini, start, secret_text(&clean), findings);
	/* after an error, iniparser would not be given what the file says */
	if (ini.count && !findings->count)
		r = confirm(&ini, &clean, findings);
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

const struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = 0; i < ini->count; i++)
		if (text_equal(ini->entries[i].section, section) &&
		    text_equal(ini->entries[i].key, key))
			return &ini->entries[i];
	return NULL;
}
