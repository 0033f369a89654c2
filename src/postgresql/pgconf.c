#include "postgresql/pgconf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

void pgconf_free(struct pgconf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		text_drop(&conf->items[i].name);
		text_drop(&conf->items[i].value);
	}
	free(conf->items);
	conf->items = NULL;
	conf->count = 0;
}

static struct pgconf_item *find(const struct pgconf *conf, const char *name)
{
	for (size_t i = 0; i < conf->count; i++)
		if (strcasecmp(conf->items[i].name, name) == 0)
			return &conf->items[i];
	return NULL;
}

void pgconf_set(struct pgconf *conf, const char *name, const char *value)
{
	struct pgconf_item *item = find(conf, name);

	if (!item) {
		conf->items = mem_resize(conf->items,
					 (conf->count + 1) * sizeof(*conf->items));
		item = &conf->items[conf->count++];
		item->name = text_copy(name);
	} else {
		text_drop(&item->value);
	}
	item->value = text_copy(value);
}

void pgconf_setf(struct pgconf *conf, const char *name, const char *fmt, ...)
{
	TEXT_AUTO value = { 0 };
	va_list args;

	va_start(args, fmt);
	text_addv(&value, fmt, args);
	va_end(args);
	pgconf_set(conf, name, text_str(&value));
}

const char *pgconf_get(const struct pgconf *conf, const char *name)
{
	const struct pgconf_item *item = find(conf, name);

	return item ? item->value : NULL;
}

void pgconf_merge(struct pgconf *conf, const struct pgconf *other)
{
	for (size_t i = 0; i < other->count; i++)
		pgconf_set(conf, other->items[i].name, other->items[i].value);
}

bool pgconf_is_name(const char *name)
{
	const char *rest = name;

	for (int parts = 0; parts < 2; parts++) {
		size_t len = strspn(rest, NAME_CHARACTERS);

		if (!len || (*rest >= '0' && *rest <= '9'))
			return false;
		rest += len;
		if (!*rest)
			return true;
		if (*rest++ != '.')
			return false;
	}
	return false;
}

/* In single quotes for postgresql.conf, with ' and \ doubled. */
static void pgconf_quote(struct text *ret, const char *value)
{
	text_add(ret, "'");
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			text_add_bytes(ret, value, 1);
		text_add_bytes(ret, value, 1);
	}
	text_add(ret, "'");
}

void pgconf_render(const struct pgconf *conf, const char *role, struct text *ret)
{
	text_addf(ret,
		  "# Written by pgrepl-%s from its ini file, and included last by postgresql.conf.\n"
		  "# \"pgrepl-%s setup\" writes it again: change the ini, not this file.\n\n",
		  role, role);
	for (size_t i = 0; i < conf->count; i++) {
		text_addf(ret, "%s = ", conf->items[i].name);
		pgconf_quote(ret, conf->items[i].value);
		text_add(ret, "\n");
	}
}

/* --- one line --- */

#define BLANKS "\r\t "

static bool is_name_byte(char c)
{
	return (c && strchr(NAME_CHARACTERS ".", c)) || (unsigned char)c >= 0x80;
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

/* In quotes, which have to end in the line: '' and \' are a quote. */
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

bool pgconf_parse(const char *line, struct text *ret_name, struct text *ret_value)
{
	size_t len;

	text_reset(ret_name);
	text_reset(ret_value);
	line += strspn(line, BLANKS);
	for (; is_name_byte(*line); line++)
		text_add_bytes(ret_name, line, 1);
	line += strspn(line, BLANKS);
	if (*line == '=')
		line += 1 + strspn(line + 1, BLANKS);
	if (*line == '\'')
		return parse_quoted(line + 1, ret_value) && ret_name->len;
	len = strcspn(line, BLANKS "\n#");
	text_add_bytes(ret_value, line, len);
	return len && ret_name->len;
}

/* --- the line that includes our file --- */

#define INCLUDE_LINE "include '" PGCONF_FILE "'"

static bool is_our_include(const struct text *name, const struct text *value)
{
	return strcasecmp(text_str(name), "include") == 0 &&
	       text_equal(text_str(value), PGCONF_FILE);
}

size_t pgconf_line_length(const char *content)
{
	size_t len = strcspn(content, "\n");

	return len + (content[len] == '\n');
}

bool pgconf_has_include(const char *content)
{
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };
	bool last = false;

	for (; *content; content += pgconf_line_length(content))
		if (pgconf_parse(content, &name, &value))
			last = is_our_include(&name, &value);
	return last;
}

static const char why[] =
	"# pgrepl keeps its settings in a file of its own; the last mention wins.\n";

/* Returns whether there was one. */
static bool strip_include(const char *content, struct text *ret)
{
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };
	bool found = false;

	for (; *content; content += pgconf_line_length(content)) {
		size_t len = pgconf_line_length(content);
		bool ours = pgconf_parse(content, &name, &value) &&
			    is_our_include(&name, &value);

		found = found || ours;
		if (!ours && !text_starts_with(content, why))
			text_add_bytes(ret, content, len);
	}
	return found;
}

void pgconf_remove_include(const char *content, struct text *ret)
{
	bool found = strip_include(content, ret);
	size_t len = ret->len;

	/* with the empty line above it */
	if (found && len && ret->s[len - 1] == '\n' && (len == 1 || ret->s[len - 2] == '\n'))
		text_shorten(ret, len - 1);
}

void pgconf_add_include(const char *content, struct text *ret)
{
	/* not last any more: what was added after it would win */
	(void)strip_include(content, ret);
	if (ret->len && ret->s[ret->len - 1] != '\n')
		text_add(ret, "\n");
	text_addf(ret, "\n%s" INCLUDE_LINE "\n", why);
}

static bool is_listed(const char *name, const struct pgconf *conf,
		      const char *const *names, size_t count)
{
	if (pgconf_get(conf, name))
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

void pgconf_strip(const char *content, const struct pgconf *conf,
		  const char *const *names, size_t count, struct text *ret)
{
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };

	for (; *content; content += pgconf_line_length(content))
		if (!pgconf_parse(content, &name, &value) ||
		    !is_listed(text_str(&name), conf, names, count))
			text_add_bytes(ret, content, pgconf_line_length(content));
}
