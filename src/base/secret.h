/*
 * secret.h - passwords, as a type that no formatter takes.
 *
 * A secret leaves through secret_reveal() alone; its few callers hand it to
 * libpq or write it into a 0600 file. It is wiped when it is cleared.
 */
#ifndef PGREPL_SECRET_H
#define PGREPL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char *bytes; /* NULL: not set */
};

/*
 * Overwrites memory in a way that the compiler keeps (glibc 2.17 has no explicit_bzero).
 */
void secret_wipe(void *memory, size_t len);

/* Takes a copy of source, then wipes source. */
void secret_take(struct secret *secret, char *source);
void secret_clear(struct secret *secret);
bool secret_is_set(const struct secret *secret);
const char *secret_reveal(const struct secret *secret);

/* Wipes and frees a string: CLEANUP(secret_drop) char *name. */
void secret_drop(char **string);
#define SECRET_STRING_AUTO CLEANUP(secret_drop) char *

#endif
