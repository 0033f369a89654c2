/*
 * secret.h - passwords, verifiers, and every text that has one in it.
 *
 * A secret is a text that grows (text.h) and leaves no copy of itself: what it moves out
 * of, is shortened by or is freed with is wiped. No formatter takes one: the compiler
 * refuses it for %s (-Werror=format), and what secret_reveal() returns as well. Neither is
 * a secret ever the argument of a formatting function that writes into one, since printf(3)
 * keeps pieces of its arguments on the stack.
 *
 * All zero is a secret that is not set: SECRET_AUTO name = { { 0 } }.
 */
#pragma once

#include "base/text.h"

struct secret {
	struct text text; /* of secret.c alone */
};

void secret_clear(struct secret *secret);
#define SECRET_AUTO CLEANUP(secret_clear) struct secret

/* The text, for the functions that add to one, read into it or shorten it. */
struct text *secret_text(struct secret *secret);

/* Gives a secret a new owner: *to is cleared first, *from is not set afterwards. */
void secret_move(struct secret *to, struct secret *from);

/* An empty one is not set. */
bool secret_is_set(const struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b);

/*
 * The way out, to libpq, to a file of mode 0600 or to a program's standard input: a string
 * as text_str() returns it, and its length. It is no char *, so that %s does not take it.
 */
const void *secret_reveal(const struct secret *secret);
size_t secret_len(const struct secret *secret);
