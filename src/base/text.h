/*
 * text.h - growable strings, and the one checked parser for numbers, times
 * and switches.
 *
 * Memory: a program that configures a host and cannot get a few hundred bytes
 * has nothing sensible left to do, so allocation failure ends the process
 * (abort) and no caller has to check for it.
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
	bool secret; /* leaves no copy and is not shown: see secret.h, which alone sets it */
};

void text_free(struct text *text);
void text_reset(struct text *text);

/* Cuts it down to its first len bytes; len is at most its own. */
void text_shorten(struct text *text, size_t len);
void text_add(struct text *text, const char *s);
void text_add_bytes(struct text *text, const char *bytes, size_t len);
void text_addf(struct text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_addv(struct text *text, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/*
 * For what writes into a text without a buffer of its own: room for more bytes behind the
 * content; text_fill() then says how many of them were written.
 */
char *text_room(struct text *text, size_t more);
void text_fill(struct text *text, size_t len);

/*
 * The content as a string that is never NULL; valid until the next change. Of a secret,
 * only that it is one.
 */
const char *text_str(const struct text *text);

#define TEXT_AUTO CLEANUP(text_free) struct text

/* Allocated strings; the caller frees. */
char *text_format(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *text_copy(const char *s);

void *mem_zalloc(size_t size);
void *mem_resize(void *memory, size_t size);

/* Overwrites in a way that the compiler keeps (glibc 2.17 has no explicit_bzero). */
void mem_wipe(void *memory, size_t size);

/* Frees a char * variable: CLEANUP(text_drop) char *name. */
void text_drop(char **string);
#define STRING_AUTO CLEANUP(text_drop) char *

/* The "s" of "%ld steps", or "" for one. */
const char *text_s(long count);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *s, const char *prefix);

/* Removes blanks (space, tab, CR, LF) at both ends, in place; returns the start. */
char *text_trim(char *s);

/*
 * Parsers. Each takes the whole string or fails with -EINVAL (not of the form)
 * or -ERANGE (of the form, but outside [min, max]); *ret is untouched then.
 */
int text_to_long(const char *s, long min, long max, long *ret);
int text_to_bool(const char *s, bool *ret);

/*
 * A time with an optional unit, spelt as in postgresql.conf: ms, s, min, h, d.
 * A bare number is seconds.
 */
int text_to_ms(const char *s, long max_ms, long *ret_ms);

/*
 * Of count candidates the one that is nearest to word by edit distance, or
 * NULL when none is near enough to be what was meant.
 */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);
