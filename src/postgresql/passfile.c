#include "postgresql/passfile.h"

#include <string.h>

static void add_field(struct text *ret, const char *field)
{
	for (; *field; field++) {
		if (*field == ':' || *field == '\\')
			text_add(ret, "\\");
		text_add_bytes(ret, field, 1);
	}
}

void passfile_render(struct text *ret, const char *user, const struct secret *password)
{
	const char *revealed = secret_reveal(password);

	/* large enough from the start: growing would leave a copy behind, not wiped */
	ret->cap = 2 * (strlen(user) + strlen(revealed)) + 16;
	ret->s = mem_zalloc(ret->cap);
	text_add(ret, "*:*:*:");
	add_field(ret, user);
	text_add(ret, ":");
	add_field(ret, revealed);
	text_add(ret, "\n");
}
