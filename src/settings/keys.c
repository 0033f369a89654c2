#include "settings/keys.h"

#include "base/file.h"
#include "base/secret_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { ROLE_NAME_MAX = 63 }; /* NAMEDATALEN - 1 */

static const char *const server_controls[] = {
	[SERVER_CONTROL_SYSTEMD] = "systemd",
	[SERVER_CONTROL_PG_CTL] = "pg_ctl",
	NULL,
};
static const char *const existing_datas[] = {
	[EXISTING_DATA_REFUSE] = "refuse",
	[EXISTING_DATA_MOVE_ASIDE] = "move_aside",
	NULL,
};
static const char *const auth_methods[] = { "scram-sha-256", "md5", NULL };

static int wrong(const struct key *key, const char *value, struct fault *fault,
		 const char *what, const char *hint)
{
	if (key->secret)
		fault_set(fault, FAULT_OPERATOR, "the value of \"%s\" %s", key->name,
			  what);
	else
		fault_set(fault, FAULT_OPERATOR, "\"%s\" for \"%s\" %s", value, key->name,
			  what);
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
			return wrong(
				key, value, fault, "cannot be an application_name",
				"Use at most 63 ASCII characters: the server would change what is beyond that.");
	keep_string(field, value);
	return 0;
}

static int read_locale(const struct key *key, char *value, void *field,
		       struct fault *fault)
{
	if (strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_.@-") != strlen(value))
		return wrong(key, value, fault, "is no locale",
			     "Choose one that \"locale -a\" lists.");
	keep_string(field, value);
	return 0;
}

static int read_host(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (!network_is_host(value))
		return wrong(key, value, fault, "is no host",
			     "Give one host name, IPv4 address or IPv6 address.");
	keep_string(field, value);
	return 0;
}

static int read_path(const struct key *key, char *value, void *field, struct fault *fault)
{
	size_t len = strlen(value);

	if (value[0] != '/' || len >= PATH_MAX / 2)
		return wrong(key, value, fault, "is no absolute path",
			     "Give a path that starts with \"/\".");
	file_tidy_path(value);
	keep_string(field, value);
	return 0;
}

static int read_role(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (strlen(value) > ROLE_NAME_MAX)
		return wrong(key, value, fault, "is longer than 63 bytes",
			     "PostgreSQL would cut it short; choose a shorter name.");
	if (text_starts_with(value, "pg_") || text_equal(value, "public") ||
	    text_equal(value, "none"))
		return wrong(key, value, fault,
			     "is a name that PostgreSQL keeps for itself",
			     "Choose a name that does not start with \"pg_\".");
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
		return wrong(key, value, fault, "is no name of a service unit",
			     "Give the whole name, such as postgresql-12.service.");
	keep_string(field, value);
	return 0;
}

static int read_long(const struct key *key, char *value, void *field, struct fault *fault)
{
	STRING_AUTO hint = text_format("Give a whole number from %ld to %ld.", key->min,
				       key->max);
	int r = text_to_long(value, key->min, key->max, field);

	if (r == 0)
		return 0;
	return wrong(key, value, fault, r == -ERANGE ? "is out of range" : "is no number",
		     hint);
}

static int read_ms(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (text_to_ms(value, key->max, field) == 0)
		return 0;
	return wrong(
		key, value, fault, "is no time",
		"Give a number with a unit, such as 500ms, 30s, 5min, 2h or 1d; a number alone is seconds.");
}

static int read_bool(const struct key *key, char *value, void *field, struct fault *fault)
{
	if (text_to_bool(value, field) == 0)
		return 0;
	return wrong(key, value, fault, "is neither on nor off", "Write on or off.");
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
	return wrong(key, value, fault, "is not one of its values", text_str(&hint));
}

static int read_choice(const struct key *key, char *value, void *field,
		       struct fault *fault)
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

static int read_networks(const struct key *key, char *value, void *field,
			 struct fault *fault)
{
	STRING_AUTO item = NULL;

	if (networks_parse(field, value, &item) == 0)
		return 0;
	return wrong(
		key, item, fault, "is no network in CIDR form",
		"Write an address and the length of its prefix, such as 10.0.0.0/24 or fd00:0:0:1::/64; one host is 10.0.0.7/32.");
}

static int read_tablespaces(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	STRING_AUTO item = NULL;

	if (tablespace_map_parse(field, value, &item) == 0)
		return 0;
	return wrong(
		key, item, fault, "is no pair of directories of its own",
		"Write the primary's directory, \"=\", and the one on this host, such as /srv/fast=/srv/fast; each of the primary's once, and none here in another.");
}

static int read_secret(const struct key *key, char *value, void *field,
		       struct fault *fault)
{
	(void)key;
	if (strlen(value) > SECRET_MAX)
		return wrong(key, value, fault, "is too long",
			     "Choose a shorter password.");
	text_add(secret_text(field), value);
	return 0;
}

static int read_verifier(const struct key *key, char *value, void *field,
			 struct fault *fault)
{
	if (!text_starts_with(value, "SCRAM-SHA-256$") || !strchr(value, ':') ||
	    strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			  "+/=$:-") != strlen(value))
		return wrong(
			key, value, fault, "is no SCRAM verifier",
			"Copy rolpassword of pg_authid, which starts with SCRAM-SHA-256$.");
	text_add(secret_text(field), value);
	return 0;
}

static int read_secret_file(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	if (value[0] != '/')
		return wrong(key, value, fault, "is no absolute path",
			     "Give a path that starts with \"/\".");
	return secret_file_read(value, key->name, field, fault);
}

#define FIELD(name)   .offset = offsetof(struct settings, name)
#define YEAR_MS       (365L * 24 * 3600 * 1000)
#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

const struct key setting_keys[] = {
	{ "common", "primary_host", read_host, FIELD(primary_host) },
	{ "common", "primary_port", read_long, FIELD(primary_port), "5432", 1, 65535 },
	{ "common", "replication_user", read_role, FIELD(replication_user), "replica" },
	{ "common", "replication_password", read_secret, FIELD(replication_password),
	  .secret = true },
	{ "common", "replication_password_file", read_secret_file,
	  FIELD(replication_password) },
	{ "common", "tls", read_bool, FIELD(tls), "on" },
	{ "common", "data_directory", read_path, FIELD(data_directory) },
	{ "common", "bin_directory", read_path, FIELD(bin_directory),
	  "/usr/pgsql-" STRINGIFY(PGMAJOR) "/bin" },
	{ "common", "server_control", read_choice, FIELD(server_control), "systemd",
	  .choices = server_controls },
	{ "common", "service", read_unit, FIELD(service),
	  "postgresql-" STRINGIFY(PGMAJOR) ".service" },
	{ "common", "os_user", read_role, FIELD(os_user), "postgres" },
	{ "common", "start_timeout", read_ms, FIELD(start_timeout_ms), "5min", 0,
	  YEAR_MS },
	{ "common", "existing_data", read_choice, FIELD(existing_data), "refuse",
	  .choices = existing_datas },
	{ "common", "allow_restart", read_bool, FIELD(allow_restart), "off" },
	{ "common", "open_firewall", read_bool, FIELD(open_firewall), "off" },

	{ "primary", "standby_networks", read_networks, FIELD(standby_networks) },
	{ "primary", "auth_method", read_choice_name, FIELD(auth_method), "scram-sha-256",
	  .choices = auth_methods },
	{ "primary", "replication_password_verifier", read_verifier,
	  FIELD(replication_verifier), .secret = true },
	{ "primary", "superuser_password", read_secret, FIELD(superuser_password),
	  .secret = true },
	{ "primary", "superuser_password_file", read_secret_file,
	  FIELD(superuser_password) },
	{ "primary", "synchronous_standbys", read_long, FIELD(synchronous_standbys), "0",
	  0, 100 },
	{ "primary", "locale", read_locale, FIELD(locale) },

	{ "standby", "port", read_long, FIELD(port), NULL, 1, 65535 },
	{ "standby", "application_name", read_application_name, FIELD(application_name) },
	{ "standby", "wait_timeout", read_ms, FIELD(wait_timeout_ms), "0", 0, YEAR_MS },
	{ "standby", "tls_root_cert", read_path, FIELD(tls_root_cert) },
	{ "standby", "tablespace_mapping", read_tablespaces, FIELD(tablespaces) },
};

const size_t setting_keys_count = sizeof(setting_keys) / sizeof(setting_keys[0]);

void keys_set_defaults(struct settings *settings)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		void *field = (char *)settings + setting_keys[i].offset;
		key_read read = setting_keys[i].read;
		STRING_AUTO value = NULL;
		FAULT_AUTO fault = { 0 };

		if (setting_keys[i].fallback) {
			value = text_copy(setting_keys[i].fallback);
			read(&setting_keys[i], value, field, &fault);
		} else if (read == read_host || read == read_path ||
			   read == read_locale || read == read_application_name) {
			keep_string(field, "");
		}
	}
}
