/*
 * keys.h - the keys of the ini: their names, types, defaults and limits.
 */
#ifndef PGREPL_KEYS_H
#define PGREPL_KEYS_H

#include "settings/settings.h"

struct key;
/*
 * Reads value into *field. On failure fills fault with what is wrong, without file and
 * line.
 */
typedef int (*key_read)(const struct key *key, char *value, void *field,
			struct fault *fault);

struct key {
	const char *section;
	const char *name;
	key_read read;
	size_t offset;
	const char *fallback; /* NULL: "" or not set */
	long min, max;
	const char *const *choices; /* ends in NULL */
	bool secret;                /* the value is never shown */
};

extern const struct key setting_keys[];
extern const size_t setting_keys_count;

/* Gives a setting the value that it has when the ini is silent. */
void keys_set_defaults(struct settings *settings);

#endif
