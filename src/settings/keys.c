#include "settings/keys.h"

#include <errno.h>

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
static const char *const application_accesses[] = {
	[APPLICATION_ACCESS_AUTO] = "auto",
	[APPLICATION_ACCESS_ON] = "on",
	[APPLICATION_ACCESS_OFF] = "off",
	NULL,
};
static const char *const auth_methods[] = { "scram-sha-256", "md5", NULL };

/* initdb stores POSIX as C; a codeset may be written UTF-8 or utf8. */
static const char locale_of_cluster[] =
	"SELECT CASE datctype WHEN datcollate THEN datcollate"
	" ELSE 'lc_collate ' || datcollate || ', lc_ctype ' || datctype END,"
	" lower(replace(datcollate || '/' || datctype, '-', ''))"
	" = lower(replace(name || '/' || name, '-', ''))"
	" FROM pg_catalog.pg_database, coalesce(nullif($1::text, 'POSIX'), 'C') AS name"
	" WHERE datname IN ('template0', 'template1') ORDER BY datname LIMIT 1";

#define FIELD(member)                                                                    \
	.offset = offsetof(struct settings, member),                                     \
	.size = sizeof(((struct settings *)NULL)->member)
#define YEAR_MS       (365L * 24 * 3600 * 1000)
#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

const struct key setting_keys[] = {
	/* clang-format off */
	{ .section = "common", .name = "primary_host", .type = &type_host,
	  FIELD(primary_host), .required_by = REQUIRED_BY_STANDBY,
	  .missing = "Set primary_host in section [common] to the host name or address of the primary." },
	{ .section = "common", .name = "primary_port", .type = &type_number,
	  FIELD(primary_port), .fallback = "5432", .min = 1, .max = 65535 },
	{ .section = "common", .name = "replication_user", .type = &type_role,
	  FIELD(replication_user), .fallback = "replica" },
	{ .section = "common", .name = "replication_password", .type = &type_secret,
	  FIELD(replication_password),
	  .required_by = REQUIRED_BY_PRIMARY | REQUIRED_BY_STANDBY,
	  .or_else = "replication_password_verifier",
	  .missing = "Set replication_password or replication_password_file in section [common]; there is no default password." },
	{ .section = "common", .name = "replication_password_file",
	  .type = &type_secret_file, FIELD(replication_password) },
	{ .section = "common", .name = "tls", .type = &type_switch, FIELD(tls), .fallback = "on" },
	{ .section = "common", .name = "data_directory", .type = &type_path, FIELD(data_directory) },
	{ .section = "common", .name = "bin_directory", .type = &type_path,
	  FIELD(bin_directory), .fallback = "/usr/pgsql-" STRINGIFY(PGMAJOR) "/bin" },
	{ .section = "common", .name = "server_control", .type = &type_choice,
	  FIELD(server_control), .fallback = "systemd", .choices = server_controls },
	{ .section = "common", .name = "service", .type = &type_unit, FIELD(service),
	  .fallback = "postgresql-" STRINGIFY(PGMAJOR) ".service" },
	{ .section = "common", .name = "os_user", .type = &type_role, FIELD(os_user),
	  .fallback = "postgres" },
	{ .section = "common", .name = "superuser", .type = &type_role, FIELD(superuser) },
	{ .section = "common", .name = "start_timeout", .type = &type_time,
	  FIELD(start_timeout_ms), .fallback = "5min", .min = 0, .max = YEAR_MS },
	{ .section = "common", .name = "existing_data", .type = &type_choice,
	  FIELD(existing_data), .fallback = "refuse", .choices = existing_datas },
	{ .section = "common", .name = "allow_restart", .type = &type_switch,
	  FIELD(allow_restart), .fallback = "off" },
	{ .section = "common", .name = "open_firewall", .type = &type_switch,
	  FIELD(open_firewall), .fallback = "off" },

	{ .section = "primary", .name = "standby_networks", .type = &type_networks,
	  FIELD(standby_networks), .required_by = REQUIRED_BY_PRIMARY,
	  .missing = "Set standby_networks in section [primary] to the networks that the standbys connect from, such as 10.0.0.0/24." },
	{ .section = "primary", .name = "auth_method", .type = &type_choice_name,
	  FIELD(auth_method), .fallback = "scram-sha-256", .choices = auth_methods },
	{ .section = "primary", .name = "application_access", .type = &type_choice,
	  FIELD(application_access), .fallback = "auto", .choices = application_accesses },
	{ .section = "primary", .name = "replication_password_verifier",
	  .type = &type_verifier, FIELD(replication_verifier) },
	{ .section = "primary", .name = "superuser_password", .type = &type_secret,
	  FIELD(superuser_password) },
	{ .section = "primary", .name = "superuser_password_file",
	  .type = &type_secret_file, FIELD(superuser_password) },
	{ .section = "primary", .name = "synchronous_standbys",
	  .type = &type_number_or_none, FIELD(synchronous_standbys), .min = 0, .max = 100 },
	{ .section = "primary", .name = "locale", .type = &type_locale, FIELD(locale),
	  .created_as = locale_of_cluster },
	{ .section = "primary", .name = "create_beside_other_major", .type = &type_switch,
	  FIELD(create_beside_other_major), .fallback = "off" },

	{ .section = "standby", .name = "port", .type = &type_number, FIELD(port),
	  .min = 1, .max = 65535 },
	{ .section = "standby", .name = "application_name",
	  .type = &type_application_name, FIELD(application_name) },
	{ .section = "standby", .name = "wait_timeout", .type = &type_time,
	  FIELD(wait_timeout_ms), .fallback = "0", .min = 0, .max = YEAR_MS },
	{ .section = "standby", .name = "tls_root_cert", .type = &type_path, FIELD(tls_root_cert) },
	{ .section = "standby", .name = "tablespace_mapping", .type = &type_tablespaces,
	  FIELD(tablespaces) },
	/* clang-format on */
};

const size_t setting_keys_count = sizeof(setting_keys) / sizeof(setting_keys[0]);

const struct key *key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < setting_keys_count; i++)
		if (text_equal(setting_keys[i].section, section) &&
		    text_equal(setting_keys[i].name, name))
			return &setting_keys[i];
	return NULL;
}

const struct key *key_twin(const struct key *key)
{
	for (size_t i = 0; i < setting_keys_count; i++)
		if (&setting_keys[i] != key && setting_keys[i].offset == key->offset)
			return &setting_keys[i];
	return NULL;
}

bool key_is_for(const struct key *key, enum settings_role role)
{
	return text_equal(key->section, "common") ||
	       text_equal(key->section, role == SETTINGS_PRIMARY ? "primary" : "standby");
}

void *key_field(const struct key *key, struct settings *settings)
{
	return (char *)settings + key->offset;
}

bool key_is_set(const struct key *key, const struct settings *settings)
{
	return !key->type->is_set || key->type->is_set((const char *)settings + key->offset);
}

int keys_init(struct settings *settings, struct fault *fault)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];
		STRING_AUTO value = NULL;
		int r;

		if (key->type->init)
			key->type->init(key_field(key, settings));
		if (!key->fallback)
			continue;
		value = text_copy(key->fallback);
		r = key->type->read(key, value, key_field(key, settings), fault);
		if (r < 0)
			return r;
	}
	return 0;
}

void keys_drop(struct settings *settings)
{
	for (size_t i = 0; i < setting_keys_count; i++)
		if (setting_keys[i].type->drop)
			setting_keys[i].type->drop(key_field(&setting_keys[i], settings));
}
