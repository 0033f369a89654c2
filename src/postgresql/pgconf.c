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

/* The name of the parameter that a line sets, or "" for a comment or an empty line. */
static void line_name(const char *line, size_t line_len, char *ret, size_t ret_size)
{
	size_t blanks = strspn(line, " \t"), len;

	ret[0] = '\0';
	if (blanks >= line_len)
		return;
	len = strspn(line + blanks, NAME_CHARACTERS ".");
	if (len >= ret_size)
		return;
	memcpy(ret, line + blanks, len);
	ret[len] = '\0';
}

#define INCLUDE_LINE "include '" PGCONF_FILE "'"

/* Does this line include our file? */
static bool is_our_include(const char *line, size_t len)
{
	const char *file = strstr(line, "'" PGCONF_FILE "'");
	char name[16];

	line_name(line, len, name, sizeof(name));
	return strcasecmp(name, "include") == 0 && file && file < line + len;
}

size_t pgconf_line_length(const char *content)
{
	size_t len = strcspn(content, "\n");

	return len + (content[len] == '\n');
}

bool pgconf_has_include(const char *content)
{
	bool last = false;

	for (; *content; content += pgconf_line_length(content)) {
		char name[128];

		line_name(content, strcspn(content, "\n"), name, sizeof(name));
		if (*name)
			last = is_our_include(content, strcspn(content, "\n"));
	}
	return last;
}

static const char why[] =
	"# pgrepl keeps its settings in a file of its own; the last mention wins.\n";

/* Returns whether there was one. */
static bool strip_include(const char *content, struct text *ret)
{
	bool found = false;

	for (; *content; content += pgconf_line_length(content)) {
		size_t len = pgconf_line_length(content);
		bool ours = is_our_include(content, len);

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
	for (; *content; content += pgconf_line_length(content)) {
		char name[128];

		line_name(content, strcspn(content, "\n"), name, sizeof(name));
		if (!*name || !is_listed(name, conf, names, count))
			text_add_bytes(ret, content, pgconf_line_length(content));
	}
}
