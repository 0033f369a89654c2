/*
 * key_type.h - the kinds of values that a key of the ini can have.
 *
 * A type says everything about a kind of value: how it is read, what an unset key holds,
 * how it is freed, and whether it is a secret. Loading, defaults, freeing and guarding the
 * file all use it, so that a new key takes one row of the table in keys.c.
 */
#pragma once

#include "base/fault.h"

struct key;

struct key_type {
	/*
	 * Reads value, which is not empty, into *field. Returns 0, or -EINVAL and the fault,
	 * whose message does not name file and line. The value may be modified.
	 */
	int (*read)(const struct key *key, char *value, void *field, struct fault *fault);
	/* Sets a zeroed field to the value of an unset key. NULL: zero is that value. */
	void (*init)(void *field);
	/* Frees what the field holds; harmless on a zeroed field and if repeated. */
	void (*drop)(void *field);
	/* Does the field have a value? NULL: it always does. */
	bool (*is_set)(const void *field);
	size_t size; /* of the field */
	/* The value is never shown, and others must not be able to read the ini. */
	bool secret;
};

extern const struct key_type type_application_name; /* char *, like all up to type_unit */
extern const struct key_type type_choice_name;      /* one of key->choices */
extern const struct key_type type_host;
extern const struct key_type type_locale;
extern const struct key_type type_path; /* absolute */
extern const struct key_type type_role;
extern const struct key_type type_unit;
extern const struct key_type type_number;         /* long, from key->min to key->max */
extern const struct key_type type_number_or_none; /* the same; -1 if it is not set */
extern const struct key_type type_time;        /* long, in milliseconds, up to key->max */
extern const struct key_type type_choice;      /* long, the index in key->choices */
extern const struct key_type type_switch;      /* bool */
extern const struct key_type type_networks;    /* struct networks */
extern const struct key_type type_tablespaces; /* struct tablespace_map */
extern const struct key_type type_secret;      /* struct secret, like all below */
extern const struct key_type type_verifier;
/* The path of a file with the secret; the key shares the field of the secret's key. */
extern const struct key_type type_secret_file;
