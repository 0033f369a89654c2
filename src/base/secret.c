#include "base/secret.h"

#include <string.h>

void secret_clear(struct secret *secret)
{
	text_free(&secret->text);
}

struct text *secret_text(struct secret *secret)
{
	secret->text.secret = true;
	return &secret->text;
}

void secret_move(struct secret *to, struct secret *from)
{
	secret_clear(to);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

bool secret_is_set(const struct secret *secret)
{
	return secret->text.len > 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->text.len == b->text.len &&
	       memcmp(secret_reveal(a), secret_reveal(b), a->text.len) == 0;
}

const void *secret_reveal(const struct secret *secret)
{
	return secret->text.s ? secret->text.s : "";
}

size_t secret_len(const struct secret *secret)
{
	return secret->text.len;
}
