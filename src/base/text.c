#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *mem_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size ? size : 1);

	if (!resized) {
		static const char message[] = "pgrepl: out of memory\n";

		(void)!fwrite(message, 1, sizeof(message) - 1, stderr);
		abort();
	}
	return resized;
}

void *mem_zalloc(size_t size)
{
	return memset(mem_resize(NULL, size), 0, size ? size : 1);
}

void mem_wipe(void *memory, size_t size)
{
	volatile unsigned char *byte = memory;

	while (size--)
		*byte++ = 0;
}

void text_free(struct text *text)
{
	if (text->secret && text->s)
		mem_wipe(text->s, text->cap);
	free(text->s);
	memset(text, 0, sizeof(*text));
}

void text_shorten(struct text *text, size_t len)
{
	if (!text->s)
		return;
	if (text->secret)
		mem_wipe(text->s + len, text->cap - len);
	text->s[len] = '\0';
	text->len = len;
}

void text_reset(struct text *text)
{
	text_shorten(text, 0);
}

/* realloc(3) may leave a copy behind. */
static char *move_secret(struct text *text, size_t cap)
{
	char *moved = mem_resize(NULL, cap);

	if (text->s) {
		memcpy(moved, text->s, text->len);
		mem_wipe(text->s, text->cap);
		free(text->s);
	}
	return moved;
}

char *text_room(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;
	size_t cap = need < 64 ? 64 : need + need / 2;

	if (need > text->cap) {
		text->s = text->secret ? move_secret(text, cap) : mem_resize(text->s, cap);
		text->cap = cap;
		text->s[text->len] = '\0';
	}
	return text->s + text->len;
}

void text_fill(struct text *text, size_t len)
{
	text->len += len;
	text->s[text->len] = '\0';
}

void text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	char *room = text_room(text, len);

	if (len)
		memcpy(room, bytes, len);
	text_fill(text, len);
}

void text_add(struct text *text, const char *s)
{
	text_add_bytes(text, s, strlen(s));
}

void text_addv(struct text *text, const char *fmt, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return;
	vsnprintf(text_room(text, (size_t)len), (size_t)len + 1, fmt, args);
	text_fill(text, (size_t)len);
}

void text_addf(struct text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_addv(text, fmt, args);
	va_end(args);
}

const char *text_str(const struct text *text)
{
	if (text->secret)
		return "(secret)";
	return text->s ? text->s : "";
}

char *text_format(const char *fmt, ...)
{
	struct text text = { 0 };
	va_list args;

	va_start(args, fmt);
	text_addv(&text, fmt, args);
	va_end(args);
	return text.s;
}

char *text_copy(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(mem_resize(NULL, size), s, size);
}

void text_drop(char **string)
{
	free(*string);
	*string = NULL;
}

const char *text_s(long count)
{
	return count == 1 ? "" : "s";
}

void text_show(char *s)
{
	for (unsigned char *c = (unsigned char *)s; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = ' ';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = ' '; /* U+0080 to U+009F */
}

bool text_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool text_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *text_trim(char *s)
{
	size_t len;

	while (is_blank(*s))
		s++;
	len = strlen(s);
	while (len && is_blank(s[len - 1]))
		s[--len] = '\0';
	return s;
}

void text_add_shown(struct text *text, const char *s, size_t len, size_t max)
{
	for (size_t i = 0; i < len && i < max; i++)
		text_add_bytes(text,
			       (unsigned char)s[i] < ' ' || s[i] == 0x7f ? "?" : &s[i], 1);
	if (len > max)
		text_add(text, "...");
}

/* Digits with an optional sign, then whatever *ret_rest points to. */
static int leading_long(const char *s, long *ret, const char **ret_rest)
{
	const char *digits = *s == '-' ? s + 1 : s;
	char *end;
	long value;

	/* strtol would also take blanks and a plus sign */
	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	value = strtol(s, &end, 10);
	if (errno)
		return -ERANGE;
	*ret = value;
	*ret_rest = end;
	return 0;
}

int text_to_long(const char *s, long min, long max, long *ret)
{
	const char *rest;
	long value;
	int r = leading_long(s, &value, &rest);

	if (r < 0)
		return r;
	if (*rest)
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int text_to_bool(const char *s, bool *ret)
{
	static const char *const on[] = { "on", "yes", "true", "1" };
	static const char *const off[] = { "off", "no", "false", "0" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcasecmp(s, on[i]) == 0) {
			*ret = true;
			return 0;
		}
		if (strcasecmp(s, off[i]) == 0) {
			*ret = false;
			return 0;
		}
	}
	return -EINVAL;
}

int text_to_ms(const char *s, long max_ms, long *ret_ms)
{
	static const struct {
		const char *name;
		long ms;
	} units[] = {
		{ "", 1000 },     { "ms", 1 },      { "s", 1000 },
		{ "min", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};
	const char *rest;
	long value;
	int r = leading_long(s, &value, &rest);

	if (r < 0)
		return r;
	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!text_equal(rest, units[i].name))
			continue;
		if (value < 0 || value > max_ms / units[i].ms)
			return -ERANGE;
		*ret_ms = value * units[i].ms;
		return 0;
	}
	return -EINVAL;
}

/* Levenshtein distance, or limit + 1 as soon as it is known to be more. */
static size_t edit_distance(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > LONGEST || b_len > LONGEST)
		return limit + 1;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
	/* a third of the letters wrong may be a typo; more is another word */
	size_t limit = strlen(word) / 3 + 1, best_distance = limit + 1;
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t distance = edit_distance(word, candidates[i], limit);

		if (distance < best_distance) {
			best_distance = distance;
			best = candidates[i];
		}
	}
	return best;
}
