/*
 * secret.h - passwords, verifiers, and every text that contains one.
 *
 * A secret is a growable text (text.h) that leaves no copy of itself: memory is wiped
 * when it grows, is shortened or is freed. No formatter accepts one: the compiler rejects
 * it for %s (-Werror=format), as it does what secret_reveal() returns. Nor must it be
 * passed to a formatting function in any other way: printf(3) leaves pieces of its
 * arguments on the stack.
 *
 * All zero is a secret that is not set: SECRET_AUTO name = { { 0 } }.
 */
#pragma once

#include "base/text.h"

struct secret {
	struct text text; /* for secret.c only */
};

void secret_clear(struct secret *secret);
#define SECRET_AUTO CLEANUP(secret_clear) struct secret

/* The text, for functions that add to it, read into it or shorten it. */
struct text *secret_text(struct secret *secret);

/* Moves a secret: *to is cleared first, *from is unset afterwards. */
void secret_move(struct secret *to, struct secret *from);

/* An empty one is not set. */
bool secret_is_set(const struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b);

/*
 * The way out, to libpq, a file of mode 0600 or a program's standard input: the string
 * and its length. It is not a char *, so that %s does not accept it.
 */
const void *secret_reveal(const struct secret *secret);
size_t secret_len(const struct secret *secret);
