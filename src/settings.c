#include "settings.h"

#include "file.h"
#include "ini.h"
#include "log.h"
#include "passfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ROLE_NAME_MAX = 63, /* NAMEDATALEN - 1 */
	PASSWORD_MAX = 1000,
};

struct key;
/* Reads value into *field. On failure fills fault with what is wrong, without file and line. */
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
			return wrong(key, value, fault, "cannot be an application_name",
				     "Use at most 63 ASCII characters: the server would "
				     "change what is beyond that.");
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
	while (len > 1 && value[len - 1] == '/')
		value[--len] = '\0';
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
		"Give a number with a unit, such as 500ms, 30s, 5min, 2h or 1d; a number "
		"alone is seconds.");
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
		"Write an address and the length of its prefix, such as 10.0.0.0/24 or "
		"fd00:0:0:1::/64; one host is 10.0.0.7/32.");
}

static int read_tablespaces(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	STRING_AUTO item = NULL;

	if (tablespace_map_parse(field, value, &item) == 0)
		return 0;
	return wrong(
		key, item, fault, "is no pair of directories",
		"Write the primary's directory, \"=\", and the one on this host, such as "
		"/srv/fast=/srv/fast; each of the primary's once.");
}

static int read_secret(const struct key *key, char *value, void *field,
		       struct fault *fault)
{
	(void)key;
	if (strlen(value) > PASSWORD_MAX)
		return wrong(key, value, fault, "is too long",
			     "Choose a shorter password.");
	secret_take(field, value);
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
	secret_take(field, value);
	return 0;
}

/* Warns of what others can read and refuses what others can write. */
static int check_secret_file(int fd, const char *path, struct fault *fault)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault_errno(fault, FAULT_OPERATOR, -errno,
				   "could not look at \"%s\"", path);
	if ((st.st_mode & 022) || (st.st_uid != 0 && st.st_uid != geteuid())) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" holds a password and others can write it", path);
		fault_hint(fault, "Run: chown root: %s && chmod 600 %s", path, path);
		return -EPERM;
	}
	return (st.st_mode & 044) != 0;
}

/* Takes the password out of a file's content: no line break but one at the end. */
static int password_of(const struct key *key, const char *path, struct text *content,
		       struct secret *ret, struct fault *fault)
{
	const char *what = NULL;

	if (content->len && content->s[content->len - 1] == '\n')
		content->s[--content->len] = '\0';
	if (content->len && content->s[content->len - 1] == '\r')
		content->s[--content->len] = '\0';
	if (content->len == 0)
		what = "is empty";
	else if (strlen(content->s) != content->len || strpbrk(content->s, "\r\n"))
		what = "has more than one line";
	if (what) {
		fault_set(fault, FAULT_OPERATOR, "the file \"%s\" of \"%s\" %s", path,
			  key->name, what);
		fault_hint(fault,
			   "Write the password, and nothing else, into its first line.");
		return -EINVAL;
	}
	secret_take(ret, content->s);
	return 0;
}

static int read_secret_file(const struct key *key, char *value, void *field,
			    struct fault *fault)
{
	FD_AUTO fd = -1;
	TEXT_AUTO content = { 0 };
	int r;

	if (value[0] != '/')
		return wrong(key, value, fault, "is no absolute path",
			     "Give a path that starts with \"/\".");
	fd = open(value, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		fault_errno(fault, FAULT_OPERATOR, -errno,
			    "could not open \"%s\" of \"%s\"", value, key->name);
		fault_hint(fault,
			   "Create it with the password as its only line, mode 0600.");
		return -EINVAL;
	}
	r = check_secret_file(fd, value, fault);
	if (r < 0)
		return r;
	if (r > 0) {
		log_warning("\"%s\" holds a password and others can read it", value);
		log_hint("Run: chmod 600 %s", value);
	}
	content.cap = PASSWORD_MAX + 8;
	content.s = mem_zalloc(content.cap);
	r = file_read_fd(fd, PASSWORD_MAX + 2, &content);
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\" of \"%s\"",
			    value, key->name);
		fault_hint(
			fault,
			"It has to be a file with the password as its only line, of at "
			"most %d bytes.",
			PASSWORD_MAX);
	} else {
		r = password_of(key, value, &content, field, fault);
	}
	secret_wipe(content.s, content.cap);
	return r;
}

#define FIELD(name)   .offset = offsetof(struct settings, name)
#define YEAR_MS       (365L * 24 * 3600 * 1000)
#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

static const struct key keys[] = {
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

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

/* Parameters that would lead the server away from what setup has made, by where they belong. */
static const struct {
	const char *name;
	const char *instead;
} reserved[] = {
	{ "data_directory", "data_directory in [common]" },
	{ "port", "primary_port in [common] or port in [standby]" },
	{ "primary_conninfo", "the keys in [common] and [standby]" },
	{ "synchronous_standby_names", "synchronous_standbys in [primary]" },
	{ "ssl", "tls in [common]" },
	{ "hot_standby", "no key: setup logs in to a standby too" },
	{ "recovery_target", "no key: a standby follows its primary" },
	{ "recovery_target_lsn", "no key: a standby follows its primary" },
	{ "recovery_target_name", "no key: a standby follows its primary" },
	{ "recovery_target_time", "no key: a standby follows its primary" },
	{ "recovery_target_xid", "no key: a standby follows its primary" },
	{ "promote_trigger_file", "no key: promote by pg_ctl or pg_promote()" },
	{ "hba_file", "no key: the file of the data directory is used" },
	{ "config_file", "no key: the file of the data directory is used" },
	{ "include", "no key: name each parameter" },
	{ "include_if_exists", "no key: name each parameter" },
	{ "include_dir", "no key: name each parameter" },
};

#define PRIMARY_SETTINGS "primary.settings"
#define STANDBY_SETTINGS "standby.settings"
static const char *const sections[] = {
	"common", "primary", PRIMARY_SETTINGS, "standby", STANDBY_SETTINGS,
};

/* Puts file and line in front of a message that is already in reason. */
static int at_line(const struct ini *ini, const struct ini_entry *entry,
		   struct fault *reason, struct fault *fault)
{
	fault_set(fault, reason->class, "%s:%d: %s", ini->path, entry->line,
		  text_str(&reason->message));
	if (reason->detail.len)
		fault_detail(fault, "%s", text_str(&reason->detail));
	if (reason->hint.len)
		fault_hint(fault, "%s", text_str(&reason->hint));
	return -EINVAL;
}

static int unknown_section(const struct ini *ini, const struct ini_entry *entry,
			   struct fault *fault)
{
	const size_t count = sizeof(sections) / sizeof(sections[0]);
	const char *near = text_nearest(entry->section, sections, count);

	fault_set(fault, FAULT_OPERATOR, "%s:%d: unknown section [%s]", ini->path,
		  entry->line, entry->section);
	if (near)
		fault_hint(fault, "Did you mean [%s]?", near);
	else
		fault_hint(fault, "There are [common], [primary], [" PRIMARY_SETTINGS
				  "], [standby] and [" STANDBY_SETTINGS "].");
	return -EINVAL;
}

static int unknown_key(const struct ini *ini, const struct ini_entry *entry,
		       struct fault *fault)
{
	const char *names[KEYS], *near;
	size_t count = 0;

	fault_set(fault, FAULT_OPERATOR, "%s:%d: unknown key \"%s\" in section [%s]",
		  ini->path, entry->line, entry->key, entry->section);
	for (size_t i = 0; i < KEYS; i++) {
		if (text_equal(keys[i].name, entry->key)) {
			fault_hint(fault, "It belongs in section [%s].", keys[i].section);
			return -EINVAL;
		}
		if (text_equal(keys[i].section, entry->section))
			names[count++] = keys[i].name;
	}
	near = text_nearest(entry->key, names, count);
	if (near)
		fault_hint(fault, "Did you mean \"%s\"?", near);
	else
		fault_hint(fault, "A parameter of PostgreSQL goes into [" PRIMARY_SETTINGS
				  "] or "
				  "[" STANDBY_SETTINGS "]; pgrepl.ini(5) has the keys.");
	return -EINVAL;
}

static int take_parameter(struct pgconf *conf, const struct ini *ini,
			  const struct ini_entry *entry, struct fault *fault)
{
	if (!pgconf_is_name(entry->key)) {
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%d: \"%s\" is no name of a parameter", ini->path,
			  entry->line, entry->key);
		fault_hint(fault, "Name a parameter of postgresql.conf.");
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (!text_equal(reserved[i].name, entry->key))
			continue;
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%d: \"%s\" cannot be set in section [%s]", ini->path,
			  entry->line, entry->key, entry->section);
		fault_hint(fault, "In its place there is %s.", reserved[i].instead);
		return -EINVAL;
	}
	pgconf_set(conf, entry->key, entry->value);
	return 0;
}

static int take_key(struct settings *settings, const struct key *key,
		    const struct ini *ini, const struct ini_entry *entry,
		    struct fault *fault)
{
	FAULT_AUTO reason = { 0 };
	int r;

	/* an empty one as well: "= #x" is a password that begins with "#", or none */
	if (key->secret && entry->bare_with_comment) {
		fault_set(
			fault, FAULT_OPERATOR,
			"%s:%d: \";\" or \"#\" behind a value of \"%s\" that is not quoted",
			ini->path, entry->line, entry->key);
		fault_hint(
			fault,
			"Quote the value, so that it is clear where it ends, or name a "
			"file by %s_file.",
			entry->key);
		return -EINVAL;
	}
	if (!*entry->value)
		return 0;
	r = key->read(key, entry->value, (char *)settings + key->offset, &reason);
	return r < 0 ? at_line(ini, entry, &reason, fault) : 0;
}

static int take_entry(struct settings *settings, const struct ini *ini,
		      const struct ini_entry *entry, struct fault *fault)
{
	const size_t count = sizeof(sections) / sizeof(sections[0]);
	size_t i;

	if (text_equal(entry->section, PRIMARY_SETTINGS))
		return take_parameter(&settings->primary_settings, ini, entry, fault);
	if (text_equal(entry->section, STANDBY_SETTINGS))
		return take_parameter(&settings->standby_settings, ini, entry, fault);
	for (i = 0; i < KEYS; i++)
		if (text_equal(keys[i].section, entry->section) &&
		    text_equal(keys[i].name, entry->key))
			return take_key(settings, &keys[i], ini, entry, fault);
	for (i = 0; i < count; i++)
		if (text_equal(sections[i], entry->section))
			return unknown_key(ini, entry, fault);
	return unknown_section(ini, entry, fault);
}

static void set_defaults(struct settings *settings)
{
	for (size_t i = 0; i < KEYS; i++) {
		void *field = (char *)settings + keys[i].offset;
		key_read read = keys[i].read;
		STRING_AUTO value = NULL;
		FAULT_AUTO fault = { 0 };

		if (keys[i].fallback) {
			value = text_copy(keys[i].fallback);
			read(&keys[i], value, field, &fault);
		} else if (read == read_host || read == read_path ||
			   read == read_locale || read == read_application_name) {
			keep_string(field, "");
		}
	}
}

static int missing(const struct ini *ini, struct fault *fault, const char *key,
		   const char *hint)
{
	fault_set(fault, FAULT_OPERATOR, "%s: \"%s\" is not set", ini->path, key);
	fault_hint(fault, "%s", hint);
	return -EINVAL;
}

static bool is_given(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_entry *entry = ini_find(ini, section, key);

	return entry && *entry->value;
}

static int check_required(const struct settings *settings, const struct ini *ini,
			  enum settings_role role, struct fault *fault)
{
	bool password = secret_is_set(&settings->replication_password);

	if (role == SETTINGS_STANDBY && !*settings->primary_host)
		return missing(
			ini, fault, "primary_host",
			"Set it in section [common] to the primary's name or address.");
	if (role == SETTINGS_PRIMARY && !settings->standby_networks.count)
		return missing(
			ini, fault, "standby_networks",
			"Set it in section [primary] to the networks that the standbys "
			"connect from, such as 10.0.0.0/24.");
	if (!password &&
	    (role == SETTINGS_STANDBY || !secret_is_set(&settings->replication_verifier)))
		return missing(
			ini, fault, "replication_password",
			"Set it, or replication_password_file, in section [common]; there "
			"is no default password.");
	if (text_equal(settings->replication_user, settings->os_user)) {
		fault_set(
			fault, FAULT_OPERATOR,
			"%s: \"%s\" cannot be both the superuser and the replication role",
			ini->path, settings->os_user);
		fault_hint(fault, "Choose another replication_user in section [common].");
		return -EINVAL;
	}
	return 0;
}

static int check_passfile(const struct settings *settings, const struct ini *ini,
			  struct fault *fault)
{
	TEXT_AUTO line = { 0 };
	size_t len;

	if (!secret_is_set(&settings->replication_password))
		return 0;
	passfile_render(&line, settings->replication_user,
			&settings->replication_password);
	len = line.len;
	secret_wipe(line.s, line.cap);
	if (len <= PASSFILE_LINE_MAX)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "%s: the replication password is too long",
		  ini->path);
	fault_detail(fault,
		     "libpq 12 reads %d bytes of a password file's line; with the role's "
		     "name, \":\" and \"\\\" escaped, this one has %zu.",
		     PASSFILE_LINE_MAX, len);
	fault_hint(fault, "Choose a shorter password.");
	return -EINVAL;
}

static int check_twice(const struct ini *ini, const char *section, const char *a,
		       const char *b, struct fault *fault)
{
	if (!is_given(ini, section, a) || !is_given(ini, section, b))
		return 0;
	fault_set(fault, FAULT_OPERATOR, "%s:%d: \"%s\" and \"%s\" are both set",
		  ini->path, ini_find(ini, section, b)->line, a, b);
	fault_hint(fault, "Keep one of the two.");
	return -EINVAL;
}

static int settings_from_ini(struct settings *settings, const struct ini *ini,
			     enum settings_role role, struct fault *fault)
{
	int r = 0;

	/* before the values are taken: a secret that was taken reads as empty */
	if (check_twice(ini, "common", "replication_password",
			"replication_password_file", fault) < 0 ||
	    check_twice(ini, "primary", "superuser_password", "superuser_password_file",
			fault) < 0)
		return -EINVAL;
	set_defaults(settings);
	for (size_t i = 0; i < ini->count && r == 0; i++)
		r = take_entry(settings, ini, &ini->entries[i], fault);
	if (r == 0)
		r = check_required(settings, ini, role, fault);
	if (r == 0)
		r = check_passfile(settings, ini, fault);
	if (role == SETTINGS_PRIMARY || !settings->port)
		settings->port = settings->primary_port;
	return r;
}

static int guard_ini(int fd, const char *path, const struct ini *ini, bool tighten,
		     struct fault *fault)
{
	static const char *const secrets[][2] = {
		{ "common", "replication_password" },
		{ "primary", "superuser_password" },
		{ "primary", "replication_password_verifier" },
	};
	bool has_secret = false;
	struct stat st;
	int r;

	/* who can write the ini decides where the server's data goes, secret in it or not */
	r = check_secret_file(fd, path, fault);
	if (r < 0) {
		text_reset(&fault->message);
		text_addf(&fault->message, "others can write \"%s\"", path);
		return r;
	}
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		has_secret = has_secret || is_given(ini, secrets[i][0], secrets[i][1]);
	if (!has_secret || r == 0)
		return 0;
	if (tighten && fstat(fd, &st) == 0 && fchmod(fd, 0600) == 0) {
		log_warning(
			"\"%s\" holds a password and others could read it: mode %04o is now "
			"0600",
			path, st.st_mode & 07777);
		log_hint("Change the password if it was worth reading.");
		return 0;
	}
	log_warning("\"%s\" holds a password and others can read it", path);
	log_hint("Run: chmod 600 %s", path);
	return 0;
}

static int open_ini(const char *path, struct text *content, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;

	if (fd < 0) {
		r = fault_errno(fault, FAULT_OPERATOR, -errno, "could not open \"%s\"",
				path);
		fault_hint(fault,
			   "The package brings %s; another file is named by --config.",
			   SETTINGS_DEFAULT_PATH);
		return r;
	}
	r = file_read_fd(fd, INI_FILE_MAX, content);
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
		fault_hint(fault, "It has to be a text file of at most %d KiB.",
			   INI_FILE_MAX / 1024);
		close(fd);
		return r;
	}
	return fd;
}

int settings_load(struct settings *ret, const char *path, enum settings_role role,
		  bool tighten, struct fault *fault)
{
	struct settings settings = { 0 };
	struct ini ini = { 0 };
	TEXT_AUTO content = { 0 };
	FD_AUTO fd = -1;
	int r;

	content.cap = INI_FILE_MAX + 64;
	content.s = mem_zalloc(content.cap);
	fd = open_ini(path, &content, fault);
	r = fd < 0 ? fd : ini_parse(&ini, path, &content, fault);
	secret_wipe(content.s, content.cap);
	if (r == 0)
		r = guard_ini(fd, path, &ini, tighten, fault);
	if (r == 0)
		r = settings_from_ini(&settings, &ini, role, fault);
	ini_free(&ini);
	if (r < 0)
		settings_free(&settings);
	else
		*ret = settings;
	return r;
}

void settings_free(struct settings *settings)
{
	char **const strings[] = {
		&settings->primary_host,     &settings->replication_user,
		&settings->data_directory,   &settings->bin_directory,
		&settings->service,          &settings->os_user,
		&settings->auth_method,      &settings->locale,
		&settings->application_name, &settings->tls_root_cert,
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		text_drop(strings[i]);
	secret_clear(&settings->replication_password);
	secret_clear(&settings->replication_verifier);
	secret_clear(&settings->superuser_password);
	networks_free(&settings->standby_networks);
	tablespace_map_free(&settings->tablespaces);
	pgconf_free(&settings->primary_settings);
	pgconf_free(&settings->standby_settings);
}
