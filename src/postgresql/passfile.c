#include "postgresql/passfile.h"

static void add_field(struct text *ret, const char *field)
{
	for (; *field; field++) {
		if (*field == ':' || *field == '\\')
			text_add(ret, "\\");
		text_add_bytes(ret, field, 1);
	}
}

void passfile_render(struct secret *ret, const char *user, const struct secret *password)
{
	struct text *line = secret_text(ret);

	text_add(line, "*:*:*:");
	add_field(line, user);
	text_add(line, ":");
	add_field(line, secret_reveal(password));
	text_add(line, "\n");
}
