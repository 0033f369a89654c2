/*
 * text.h - growable strings, and the checked parsers for numbers, times and switches.
 *
 * If memory cannot be allocated the process ends (abort): a program that cannot get a few
 * hundred bytes has nothing sensible left to do, and no caller has to check.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(function)      __attribute__((cleanup(function)))

/* A string that grows. All zero is a valid empty text; s is NULL or ends in NUL. */
struct text {
	char *s;
	size_t len;
	size_t cap;
	bool secret; /* leaves no copy and is not shown; set by secret.c only */
};

void text_free(struct text *text);
void text_reset(struct text *text);

/* Truncates it to its first len bytes; len must not exceed its length. */
void text_shorten(struct text *text, size_t len);
void text_add(struct text *text, const char *s);
void text_add_bytes(struct text *text, const char *bytes, size_t len);
void text_addf(struct text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_addv(struct text *text, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/* Adds len bytes of s, at most max; a control character as "?", what is cut off as "...". */
void text_add_shown(struct text *text, const char *s, size_t len, size_t max);

/*
 * To write into a text directly: makes room for more bytes after the content and returns
 * it; text_fill() then tells how many were written.
 */
char *text_room(struct text *text, size_t more);
void text_fill(struct text *text, size_t len);

/*
 * The content as a string, never NULL, valid until the next change; a placeholder for a
 * secret.
 */
const char *text_str(const struct text *text);

#define TEXT_AUTO CLEANUP(text_free) struct text

/* Allocated strings; the caller frees. */
char *text_format(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *text_copy(const char *s);

void *mem_zalloc(size_t size);
void *mem_resize(void *memory, size_t size);

/* Overwrites memory; the compiler cannot drop it (glibc 2.17 has no explicit_bzero). */
void mem_wipe(void *memory, size_t size);

/* Frees a char * variable: CLEANUP(text_drop) char *name. */
void text_drop(char **string);
#define STRING_AUTO CLEANUP(text_drop) char *

/* The "s" of "%ld steps", or "" for one. */
const char *text_s(long count);

/* Makes a text of somebody else's fit to be shown, in place: no control characters. */
void text_show(char *s);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *s, const char *prefix);

/* Removes blanks (space, tab, CR, LF) at both ends, in place; returns the start. */
char *text_trim(char *s);

/*
 * Parsers. Each parses the whole string or fails with -EINVAL (malformed) or -ERANGE
 * (outside [min, max]), leaving *ret untouched.
 */
int text_to_long(const char *s, long min, long max, long *ret);
int text_to_bool(const char *s, bool *ret);

/*
 * A time with an optional unit, spelt as in postgresql.conf: ms, s, min, h, d.
 * A bare number is seconds.
 */
int text_to_ms(const char *s, long max_ms, long *ret_ms);

/* The candidate nearest to word by edit distance, or NULL if none is near enough. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);
