/*
 * keys.h - the table of all keys of the ini.
 *
 * Everything about a key is in its row: the type brings reading, freeing and secrecy
 * (key_type.h), the other columns default, limits and requirements. Two keys with the same
 * field are two ways to set one value; only one of them may be used.
 */
#pragma once

#include "settings/key_type.h"
#include "settings/settings.h"

enum {
	REQUIRED_BY_PRIMARY = 1 << SETTINGS_PRIMARY,
	REQUIRED_BY_STANDBY = 1 << SETTINGS_STANDBY,
};

struct key {
	const char *section;
	const char *name;
	const struct key_type *type;
	size_t offset, size;  /* of the field in struct settings: FIELD(name) */
	const char *fallback; /* the default, as it would be in the ini; NULL: unset */
	long min, max;        /* of a number; max also of a time, in ms */
	const char *const *choices; /* ends in NULL */
	int since;            /* the first PostgreSQL major that it is for; 0: all */
	unsigned required_by; /* REQUIRED_BY_...: the roles that require it */
	const char *or_else;  /* a key that can replace it, for roles that use that key */
	const char *missing;  /* hint for a required key that is not set */
	/*
	 * Of a string that cannot change on an existing cluster: a query for the value that the
	 * cluster has, and whether $1 is the same; no row: not known. NULL: it can change.
	 */
	const char *created_as;
};

extern const struct key setting_keys[];
extern const size_t setting_keys_count;

/* NULL if there is none. */
const struct key *key_find(const char *section, const char *name);

/* The other key with the same field; NULL if there is none. */
const struct key *key_twin(const struct key *key);

/* Is it in a section that this role uses? */
bool key_is_for(const struct key *key, enum settings_role role);

void *key_field(const struct key *key, struct settings *settings);
bool key_is_set(const struct key *key, const struct settings *settings);

/*
 * Sets zeroed settings to their defaults. Returns 0, or -EINVAL and the fault if a default is
 * not valid for its own type.
 */
int keys_init(struct settings *settings, struct fault *fault);

/* Frees the values of all keys. */
void keys_drop(struct settings *settings);
