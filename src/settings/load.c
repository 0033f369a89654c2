#include "settings/load.h"

#include "base/file.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/secret_file.h"
#include "postgresql/passfile.h"
#include "settings/entry.h"
#include "settings/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_given(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_entry *entry = ini_find(ini, section, key);

	return entry && secret_is_set(&entry->value);
}

/* Names all that is missing at once: nobody should find out one by one. */
static int check_required(const struct settings *settings, const struct ini *ini,
			  enum settings_role role, struct fault *fault)
{
	bool standby = role == SETTINGS_STANDBY;
	bool proof = secret_is_set(&settings->replication_password) ||
		     (!standby && secret_is_set(&settings->replication_verifier));
	const struct {
		const char *key;
		bool missing;
		const char *hint;
	} required[] = {
		{ "primary_host", standby && !*settings->primary_host,
		  "Set primary_host in section [common] to the primary's name or "
		  "address." },
		{ "standby_networks", !standby && !settings->standby_networks.count,
		  "Set standby_networks in section [primary] to the networks that the "
		  "standbys connect from, such as 10.0.0.0/24." },
		{ "replication_password", !proof,
		  "Set replication_password, or replication_password_file, in section "
		  "[common]; there is no default password." },
	};
	TEXT_AUTO names = { 0 };
	TEXT_AUTO hints = { 0 };
	int count = 0;

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (!required[i].missing)
			continue;
		text_addf(&names, "%s\"%s\"", count ? " and " : "", required[i].key);
		text_addf(&hints, "%s%s", count ? " " : "", required[i].hint);
		count++;
	}
	if (!count)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "%s: %s %s not set", ini->path, text_str(&names),
		  count == 1 ? "is" : "are");
	fault_hint(fault, "%s", text_str(&hints));
	return -EINVAL;
}

static int check_roles_differ(const struct settings *settings, const struct ini *ini,
			      struct fault *fault)
{
	if (!text_equal(settings->replication_user, settings->os_user))
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "%s: \"%s\" cannot be both the superuser and the replication role",
		  ini->path, settings->os_user);
	fault_hint(fault, "Choose another replication_user in section [common].");
	return -EINVAL;
}

static int check_passfile(const struct settings *settings, const struct ini *ini,
			  struct fault *fault)
{
	SECRET_AUTO line = { { 0 } };

	if (!secret_is_set(&settings->replication_password))
		return 0;
	passfile_render(&line, settings->replication_user,
			&settings->replication_password);
	if (secret_len(&line) <= PASSFILE_LINE_MAX)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "%s: the replication password is too long",
		  ini->path);
	fault_detail(
		fault,
		"libpq 12 reads %d bytes of a password file's line; with the role's name, \":\" and \"\\\" escaped, this one has %zu.",
		PASSFILE_LINE_MAX, secret_len(&line));
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

	if (check_twice(ini, "common", "replication_password",
			"replication_password_file", fault) < 0 ||
	    check_twice(ini, "primary", "superuser_password", "superuser_password_file",
			fault) < 0)
		return -EINVAL;
	keys_set_defaults(settings);
	for (size_t i = 0; i < ini->count && r == 0; i++)
		r = entry_take(settings, ini, &ini->entries[i], fault);
	if (r == 0)
		r = check_required(settings, ini, role, fault);
	if (r == 0)
		r = check_roles_differ(settings, ini, fault);
	if (r == 0)
		r = check_passfile(settings, ini, fault);
	if (role == SETTINGS_PRIMARY || !settings->port)
		settings->port = settings->primary_port;
	/* one ini may be for all hosts: these directories are a standby's */
	if (role == SETTINGS_PRIMARY)
		tablespace_map_free(&settings->tablespaces);
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
	int access = secret_file_access(fd);

	if (access < 0)
		return fault_errno(fault, FAULT_OPERATOR, access,
				   "could not look at \"%s\"", path);
	/*
	 * who can write the ini decides where the server's data goes, secret in it or not
	 */
	if (access == SECRET_FILE_WRITE) {
		fault_set(fault, FAULT_OPERATOR, "others can write \"%s\"", path);
		secret_file_hint(fault, path);
		return -EPERM;
	}
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		has_secret = has_secret || is_given(ini, secrets[i][0], secrets[i][1]);
	if (!has_secret || access == SECRET_FILE_NONE)
		return 0;
	if (tighten && fstat(fd, &st) == 0 && fchmod(fd, 0600) == 0) {
		log_warning(
			"\"%s\" holds a password and others could read it: mode %04o is now 0600",
			path, st.st_mode & 07777);
		log_hint("Change the password if it was worth reading.");
		return 0;
	}
	log_warning("\"%s\" holds a password and others can read it", path);
	log_hint("Run: chmod 600 %s", path);
	return 0;
}

static int open_ini(const char *path, struct secret *content, struct fault *fault)
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
	r = file_read_fd(fd, INI_FILE_MAX, secret_text(content));
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
	SECRET_AUTO content = { { 0 } };
	FD_AUTO fd = open_ini(path, &content, fault);
	int r = fd < 0 ? fd : ini_parse(&ini, path, &content, fault);

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
