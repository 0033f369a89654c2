#include "postgresql/hba_file.h"

#include "postgresql/pgconf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- lines and words, as the server reads them --- */

/* The next word of a line, as next_token() of PostgreSQL's hba.c defines it. */
struct word {
	struct text text;
	bool quoted; /* from its beginning: then it is no keyword */
};

/* The length of a backslash and line end in the middle of a line, which the server drops, or 0. */
static size_t continuation(const char *s, const char *end)
{
	size_t len = 1;

	if (*s != '\\')
		return 0;
	while (s + len < end && s[len] == '\r')
		len++;
	return s + len + 1 < end && s[len] == '\n' ? len + 1 : 0;
}

/* Are there more words? A comma separates them as a blank does. */
static bool next_word(const char **s, const char *end, struct word *ret)
{
	bool in_quotes = false, saw_quotes = false, doubled = false;

	text_reset(&ret->text);
	ret->quoted = false;
	while (*s < end && (continuation(*s, end) || strchr(" \t\r\n,", **s)))
		(*s)++;
	for (; *s < end && (in_quotes || !strchr(" \t\r\n,#", **s)); (*s)++) {
		bool quote = **s == '"';

		if (continuation(*s, end)) {
			*s += continuation(*s, end) - 1;
			continue;
		}
		if (!quote || doubled)
			text_add_bytes(&ret->text, *s, 1);
		doubled = quote && in_quotes && !doubled;
		if (!quote)
			continue;
		in_quotes = !in_quotes;
		saw_quotes = true;
		ret->quoted = ret->quoted || !ret->text.len;
	}
	return saw_quotes || ret->text.len;
}

static bool starts_with_word(const struct hba_line *line, const char *prefix)
{
	const char *s = line->s;
	struct word word = { 0 };
	bool found = next_word(&s, line->s + line->len, &word) &&
		     text_starts_with(text_str(&word.text), prefix);

	text_free(&word.text);
	return found;
}

static bool is_keyword(const char *word)
{
	static const char *const keywords[] = { "all",      "replication", "sameuser",
						"samerole", "samegroup",   "samehost",
						"samenet" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (text_equal(word, keywords[i]))
			return true;
	/* a group, unless quoted */
	return *word == '+';
}

/* Does it quote a keyword, or name a file with a list, which may? */
static bool quotes_keyword(const struct hba_line *line)
{
	const char *s = line->s;
	struct word word = { 0 };
	bool found = false;

	while (!found && next_word(&s, line->s + line->len, &word))
		found = word.quoted ? is_keyword(text_str(&word.text))
				    : *text_str(&word.text) == '@';
	text_free(&word.text);
	return found;
}

/* The length of the lines up to the first that ends without a backslash. */
static size_t line_length(const char *s, bool continued, size_t *ret_lines, bool *ret_dangling)
{
	size_t len = 0;

	*ret_dangling = false;
	for (*ret_lines = 0; s[len];) {
		size_t whole = pgconf_line_length(s + len), bare = whole;

		while (bare && strchr("\r\n", s[len + bare - 1]))
			bare--;
		*ret_dangling = continued && bare && s[len + bare - 1] == '\\';
		len += whole;
		(*ret_lines)++;
		if (!*ret_dangling)
			break;
	}
	return len;
}

/* --- which lines are ours --- */

static bool is_marker(const struct hba_line *line, const char *marker)
{
	const char *s = line->s + strspn(line->s, " \t");

	/* one that continues has something else in it */
	return text_starts_with(s, marker) && strchr(" \t\r\n", s[strlen(marker)]) &&
	       pgconf_line_length(line->s) == line->len;
}

static bool is_rule(const struct hba_line *line)
{
	return starts_with_word(line, "");
}

/* Behind the type, which has the same width in all of our rules. */
enum { OUR_DATABASE = 8 };

/* A rule that hba.c has written, now or with another ini? */
static bool is_our_rule(const struct hba_line *line)
{
	static const char *const types[] = { "hostssl ", "host    " };
	static const char *const databases[] = { "replication \"", "all         all ",
						 "postgres    \"" };
	static const char *const methods[] = { " scram-sha-256", " md5" };
	size_t len = line->len;
	bool type = false, database = false, method = false;

	while (len && strchr(" \t\r\n", line->s[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		type = type || text_starts_with(line->s, types[i]);
	for (size_t i = 0; type && i < sizeof(databases) / sizeof(databases[0]); i++)
		database = database ||
			   text_starts_with(line->s + OUR_DATABASE, databases[i]);
	for (size_t i = 0; database && i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t size = strlen(methods[i]);

		method = method || (len > size &&
				    strncmp(line->s + len - size, methods[i], size) == 0);
	}
	return method;
}

static int mark_blocks(struct hba_file *file, size_t *ret_number)
{
	size_t block = 0, stranger = 0;

	for (size_t i = 0; i < file->count; i++) {
		struct hba_line *line = &file->lines[i];

		if (is_marker(line, HBA_BEGIN)) {
			if (block)
				break;
			block = line->number;
		}
		line->block = block;
		if (block && !stranger && is_rule(line) && !is_our_rule(line))
			stranger = line->number;
		if (!block || !is_marker(line, HBA_END))
			continue;
		block = 0;
		if (stranger)
			break;
	}
	*ret_number = block ? block : stranger;
	return block ? -EINVAL : stranger ? -EBADMSG : 0;
}

int hba_scan(struct hba_file *ret, const char *content, const struct major *major,
	     size_t *ret_number)
{
	size_t number = 1, lines, room = 0;

	memset(ret, 0, sizeof(*ret));
	while (*content) {
		size_t len = line_length(content, major->hba_continued, &lines,
					 &ret->dangling);

		if (ret->count == room) {
			room = room ? 2 * room : 64;
			ret->lines = mem_resize(ret->lines, room * sizeof(*ret->lines));
		}
		ret->lines[ret->count++] =
			(struct hba_line){ .s = content, .len = len, .number = number };
		content += len;
		number += lines;
	}
	return mark_blocks(ret, ret_number);
}

void hba_close(struct hba_file *file)
{
	free(file->lines);
	memset(file, 0, sizeof(*file));
}

size_t hba_block_of(const struct hba_file *file, const char *beginning)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->lines[i].block && text_starts_with(file->lines[i].s, beginning))
			return file->lines[i].block;
	return 0;
}

bool hba_has_applications(const struct hba_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct hba_line *line = &file->lines[i];

		if (line->block && is_our_rule(line) &&
		    text_starts_with(line->s + OUR_DATABASE, "all "))
			return true;
	}
	return false;
}

size_t hba_first_host(const struct hba_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		/* host, hostssl, hostnossl, hostgssenc, hostnogssenc */
		if (!file->lines[i].block && starts_with_word(&file->lines[i], "host"))
			return file->lines[i].number;
	return 0;
}

bool hba_is_line(const struct hba_file *file, size_t number)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->lines[i].number == number)
			return true;
	return false;
}

/* Does the second word of the line name path, or a folder above it? */
static bool names_path(const struct hba_line *line, const char *main_path, const char *path)
{
	const char *s = line->s, *end = line->s + line->len;
	const char *name = strrchr(main_path, '/');
	struct word word = { 0 };
	TEXT_AUTO named = { 0 };
	bool found = next_word(&s, end, &word);

	if (found)
		found = next_word(&s, end, &word);
	if (name && *text_str(&word.text) != '/')
		text_add_bytes(&named, main_path, (size_t)(name + 1 - main_path));
	text_add(&named, text_str(&word.text));
	text_free(&word.text);
	return found && text_starts_with(path, text_str(&named)) &&
	       (!path[named.len] || path[named.len] == '/');
}

size_t hba_include_of(const struct hba_file *file, size_t after, size_t before,
		      const char *main_path, const char *path)
{
	size_t found = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct hba_line *line = &file->lines[i];

		if (line->number <= after || (before && line->number >= before) ||
		    !starts_with_word(line, "include"))
			continue;
		found = line->number;
		if (names_path(line, main_path, path))
			break;
	}
	return found;
}

void hba_add_numbers(const struct hba_file *file, bool quoting, struct text *ret)
{
	const char *separator = "{";

	for (size_t i = 0; i < file->count; i++) {
		const struct hba_line *line = &file->lines[i];

		if (!line->block && !(quoting && quotes_keyword(line)))
			continue;
		text_addf(ret, "%s%zu", separator, line->number);
		separator = ",";
	}
	text_add(ret, *separator == '{' ? "{}" : "}");
}
