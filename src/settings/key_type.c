#include "settings/key_type.h"

#include "base/file.h"
#include "base/secret_file.h"
#include "settings/keys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum { ROLE_NAME_MAX = 63 }; /* NAMEDATALEN - 1 */

/* --- reading --- */

static int wrong_unseen(const struct key *key, struct fault *fault, const char *what,
			const char *hint)
{
	fault_set(fault, FAULT_OPERATOR, "invalid value for \"%s\": it %s", key->name, what);
	fault_hint(fault, "%s", hint);
	return -EINVAL;
}

static int wrong(const struct key *key, const char *value, struct fault *fault,
		 const char *what, const char *hint)
{
	if (key->type->secret)
		return wrong_unseen(key, fault, what, hint);
	fault_set(fault, FAULT_OPERATOR, "invalid value for \"%s\": \"%s\" %s", key->name,
		  value, what);
	fault_hint(fault, "%s", hint);
	return -EINVAL;
}

static void keep_string(void *field, const char *value)
{
	char **string = field;

	text_drop(string);
	*string = text_copy(value);
}

static int read_application_name(const struct key *key, char *value, void *field,
				 struct fault *fault)
{
	for (const unsigned char *c = (unsigned char *)value; *c; c++)
		if (*c < ' ' || *c > '~' || c - (unsigned char *)value >= ROLE_NAME_MAX)
			return wrong(key, value, fault, "is not a valid application_name",
				     "Use at most 63 printable ASCII characters: the server would change anything else.");
	keep_string(field, value);
	return 0;
}

static int read_locale(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_.@-") != strlen(value))
		return wrong(key, value, fault, "is not a locale name",
			     "Choose one from the output of \"locale -a\".");
	keep_string(field, value);
	return 0;
}

static int read_host(const struct key *key, char *value, void *field, struct fault *fault)
{
	const char *hint = "Enter a single host name, IPv4 address or IPv6 address.";

	if (network_is_host(value)) {
		keep_string(field, value);
		return 0;
	}
	/* a port, in any of the forms in which people add one */
	if (strpbrk(value, ":[]/ \t") && strpbrk(value, "0123456789"))
		hint = "Enter a single host name, IPv4 address or IPv6 address; its port belongs in primary_port.";
	return wrong(key, value, fault, "is not a host name or IP address", hint);
}

static int read_path(const struct key *key, char *value, void *field, struct fault *fault)
{
	size_t len = strlen(value);

	if (value[0] != '/' || len >= PATH_MAX / 2)
		return wrong(key, value, fault, "is not an absolute path",
			     "Enter a path that starts with \"/\".");
	file_tidy_path(value);
	keep_string(field, value);
	return 0;
}

static int read_role(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (strlen(value) > ROLE_NAME_MAX)
		return wrong(key, value, fault, "is longer than 63 bytes",
			     "PostgreSQL would truncate it; choose a shorter name.");
	if (*value == '/')
		return wrong(key, value, fault, "starts with \"/\"",
			     "From PostgreSQL 16 on, pg_hba.conf would take it for a regular expression; choose another name.");
	if (text_starts_with(value, "pg_") || text_equal(value, "public") ||
	    text_equal(value, "none"))
		return wrong(key, value, fault, "is reserved by PostgreSQL",
			     "Choose a name other than \"public\" and \"none\" that does not start with \"pg_\".");
	keep_string(field, value);
	return 0;
}

static int read_unit(const struct key *key, char *value, void *field, struct fault *fault)
{
	static const char suffix[] = ".service";
	size_t len = strlen(value), end = sizeof(suffix) - 1;

	if (len <= end || len > 255 || !text_equal(value + len - end, suffix) ||
	    *value == '-' ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789:-_.\\@") != len)
		return wrong(key, value, fault, "is not the name of a service unit",
			     "Enter the full name, such as postgresql-12.service.");
	keep_string(field, value);
	return 0;
}

static int read_number(const struct key *key, char *value, void *field, struct fault *fault)
{
	STRING_AUTO hint = text_format("Enter a whole number from %ld to %ld.", key->min,
				       key->max);
	int r = text_to_long(value, key->min, key->max, field);

	if (r == 0)
		return 0;
	return wrong(key, value, fault,
		     r == -ERANGE ? "is out of range" : "is not a number", hint);
}

static int read_time(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (text_to_ms(value, key->max, field) == 0)
		return 0;
	return wrong(key, value, fault, "is not a valid time",
		     "Enter a number and a unit, such as 500ms, 30s, 5min, 2h or 1d; the default unit is seconds.");
}

static int read_switch(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (text_to_bool(value, field) == 0)
		return 0;
	return wrong(key, value, fault, "is neither on nor off", "Enter on or off.");
}

static int find_choice(const struct key *key, const char *value, struct fault *fault)
{
	TEXT_AUTO hint = { 0 };

	text_add(&hint, "Choose one of:");
	for (int i = 0; key->choices[i]; i++) {
		if (text_equal(value, key->choices[i]))
			return i;
		text_addf(&hint, "%s %s", i ? "," : "", key->choices[i]);
	}
	text_add(&hint, ".");
	return wrong(key, value, fault, "is not a valid choice", text_str(&hint));
}

static int read_choice(const struct key *key, char *value, void *field, struct fault *fault)
{
	int i = find_choice(key, value, fault);

	if (i < 0)
		return i;
	*(long *)field = i;
	return 0;
}

static int read_choice_name(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	int i = find_choice(key, value, fault);

	if (i < 0)
		return i;
	keep_string(field, value);
	return 0;
}

static int read_networks(const struct key *key, char *value, void *field, struct fault *fault)
{
	STRING_AUTO item = NULL;

	if (networks_parse(field, value, &item) == 0)
		return 0;
	return wrong(key, item, fault, "is not a network in CIDR notation",
		     "Enter an address and a prefix length, such as 10.0.0.0/24 or fd00:0:0:1::/64; for a single host, 10.0.0.7/32.");
}

static int read_tablespaces(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	STRING_AUTO item = NULL;

	if (tablespace_map_parse(field, value, &item) == 0)
		return 0;
	return wrong(key, item, fault, "is not a valid pair of directories",
		     "Enter the primary's directory, \"=\" and a directory on this host, such as /srv/fast=/srv/fast. List each directory of the primary once; directories on this host must not overlap.");
}

static int read_secret(const struct key *key, char *value, void *field, struct fault *fault)
{
	(void)key;
	if (strlen(value) > SECRET_MAX)
		return wrong(key, value, fault, "is too long", "Choose a shorter password.");
	text_add(secret_text(field), value);
	return 0;
}

static int read_verifier(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (!text_starts_with(value, "SCRAM-SHA-256$") || !strchr(value, ':') ||
	    strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			  "+/=$:-") != strlen(value))
		return wrong(key, value, fault, "is not a SCRAM verifier",
			     "Copy rolpassword from pg_authid; it starts with SCRAM-SHA-256$.");
	text_add(secret_text(field), value);
	return 0;
}

/* The value is not shown: somebody may have entered the password itself. */
static int read_secret_file(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	if (value[0] != '/')
		return wrong_unseen(key, fault, "is not an absolute path",
				    "Enter a path that starts with \"/\".");
	return secret_file_read(value, key->name, field, fault);
}

/* --- initialising, freeing, and asking whether a field is set --- */

static void init_number(void *field)
{
	*(long *)field = -1;
}

static bool is_number_set(const void *field)
{
	return *(const long *)field >= 0;
}

/* Strings are never NULL, so they can be used without a check. */
static void init_string(void *field)
{
	keep_string(field, "");
}

static void drop_string(void *field)
{
	text_drop(field);
}

static bool is_string_set(const void *field)
{
	char *const *string = field;

	return **string;
}

static void drop_secret(void *field)
{
	secret_clear(field);
}

static bool is_secret_set(const void *field)
{
	return secret_is_set(field);
}

static void drop_networks(void *field)
{
	networks_free(field);
}

static bool is_networks_set(const void *field)
{
	const struct networks *networks = field;

	return networks->count;
}

static void drop_tablespaces(void *field)
{
	tablespace_map_free(field);
}

static bool is_tablespaces_set(const void *field)
{
	const struct tablespace_map *map = field;

	return map->count;
}

/* --- the types --- */

#define STRING_TYPE(reader)                                                              \
	{                                                                                \
		.read = (reader), .init = init_string, .drop = drop_string,              \
		.is_set = is_string_set, .size = sizeof(char *),                         \
	}
#define SECRET_TYPE(reader, in_ini)                                                      \
	{                                                                                \
		.read = (reader), .drop = drop_secret, .is_set = is_secret_set,          \
		.size = sizeof(struct secret), .secret = (in_ini),                       \
	}

const struct key_type type_application_name = STRING_TYPE(read_application_name);
const struct key_type type_choice_name = STRING_TYPE(read_choice_name);
const struct key_type type_host = STRING_TYPE(read_host);
const struct key_type type_locale = STRING_TYPE(read_locale);
const struct key_type type_path = STRING_TYPE(read_path);
const struct key_type type_role = STRING_TYPE(read_role);
const struct key_type type_unit = STRING_TYPE(read_unit);
const struct key_type type_number = { .read = read_number, .size = sizeof(long) };
const struct key_type type_number_or_none = {
	.read = read_number,
	.init = init_number,
	.is_set = is_number_set,
	.size = sizeof(long),
};
const struct key_type type_time = { .read = read_time, .size = sizeof(long) };
const struct key_type type_choice = { .read = read_choice, .size = sizeof(long) };
const struct key_type type_switch = { .read = read_switch, .size = sizeof(bool) };
const struct key_type type_networks = {
	.read = read_networks,
	.drop = drop_networks,
	.is_set = is_networks_set,
	.size = sizeof(struct networks),
};
const struct key_type type_tablespaces = {
	.read = read_tablespaces,
	.drop = drop_tablespaces,
	.is_set = is_tablespaces_set,
	.size = sizeof(struct tablespace_map),
};
const struct key_type type_secret = SECRET_TYPE(read_secret, true);
const struct key_type type_verifier = SECRET_TYPE(read_verifier, true);
const struct key_type type_secret_file = SECRET_TYPE(read_secret_file, false);
