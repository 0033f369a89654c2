#include "base/secret.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void secret_wipe(void *memory, size_t len)
{
	volatile unsigned char *byte = memory;

	while (len--)
		*byte++ = 0;
}

void secret_take(struct secret *secret, char *source)
{
	secret_clear(secret);
	secret->bytes = text_copy(source);
	secret_wipe(source, strlen(source));
}

void secret_clear(struct secret *secret)
{
	secret_drop(&secret->bytes);
}

bool secret_is_set(const struct secret *secret)
{
	return secret->bytes != NULL;
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->bytes;
}

void secret_drop(char **string)
{
	if (!*string)
		return;
	secret_wipe(*string, strlen(*string));
	free(*string);
	*string = NULL;
}
