#include "settings/load.h"

#include "base/file.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/secret_file.h"
#include "postgresql/passfile.h"
#include "settings/entry.h"
#include "settings/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A network with a shorter prefix is not that of anybody's standbys. */
enum { PREFIX_MIN = 8 };

static bool is_given(const struct ini *ini, const struct key *key)
{
	const struct ini_entry *entry = ini_find(ini, key->section, key->name);

	return entry && secret_is_set(&entry->value);
}

/*
 * Has an error been reported for a line that sets this key, perhaps in the wrong section?
 * Then errors that follow from that one are not reported.
 */
static bool is_named_wrong(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++)
		if (ini->entries[i].wrong && text_equal(ini->entries[i].key, name))
			return true;
	return false;
}

/* The key that can replace another one, if the role uses it; or NULL. */
static const struct key *other_key(const struct key *key, enum settings_role role)
{
	for (size_t i = 0; key->or_else && i < setting_keys_count; i++)
		if (text_equal(setting_keys[i].name, key->or_else))
			return key_is_for(&setting_keys[i], role) ? &setting_keys[i] : NULL;
	return NULL;
}

static bool is_there(const struct settings *settings, const struct ini *ini,
		     const struct key *key)
{
	return key && (key_is_set(key, settings) || is_named_wrong(ini, key->name));
}

static void check_required(const struct settings *settings, const struct ini *ini,
			   enum settings_role role, struct findings *findings)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];
		struct fault *fault;

		if (!(key->required_by & (1U << role)) || is_there(settings, ini, key) ||
		    is_there(settings, ini, key_twin(key)) ||
		    is_there(settings, ini, other_key(key, role)))
			continue;
		fault = findings_add(findings, 0);
		fault_set(fault, FAULT_OPERATOR, "%s: \"%s\" is not set", findings->path,
			  key->name);
		fault_hint(fault, "%s", key->missing);
	}
}

static void check_roles_differ(const struct settings *settings, const struct ini *ini,
			       struct findings *findings)
{
	const char *superuser = *settings->superuser ? settings->superuser
						     : settings->os_user;
	struct fault *fault;

	if (!text_equal(settings->replication_user, superuser) ||
	    is_named_wrong(ini, "replication_user") || is_named_wrong(ini, "os_user") ||
	    is_named_wrong(ini, "superuser"))
		return;
	fault = findings_add(findings, 0);
	fault_set(fault, FAULT_OPERATOR,
		  "%s: \"%s\" cannot be both the superuser and the replication role",
		  findings->path, superuser);
	fault_hint(fault, "Choose another replication_user in section [common].");
}

static void check_passfile(const struct settings *settings, const struct ini *ini,
			   struct findings *findings)
{
	SECRET_AUTO line = { { 0 } };
	struct fault *fault;

	if (!secret_is_set(&settings->replication_password) ||
	    is_named_wrong(ini, "replication_user"))
		return;
	passfile_render(&line, settings->replication_user, &settings->replication_password);
	if (secret_len(&line) <= PASSFILE_LINE_MAX)
		return;
	fault = findings_add(findings, 0);
	fault_set(fault, FAULT_OPERATOR, "%s: the replication password is too long",
		  findings->path);
	fault_detail(fault,
		     "libpq 12 reads at most %d bytes per line of a password file; with the role name, and \":\" and \"\\\" escaped, this line has %zu.",
		     PASSFILE_LINE_MAX, secret_len(&line));
	fault_hint(fault, "Choose a shorter password.");
}

/* Two keys that set the same value. */
static void check_twins(const struct ini *ini, struct findings *findings)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i], *twin = key_twin(key);
		struct fault *fault;

		/* report each pair once: at the key that is later in the table */
		if (!twin || twin > key || !is_given(ini, key) || !is_given(ini, twin))
			continue;
		fault = findings_add(findings, ini_find(ini, key->section, key->name)->line);
		fault_set(fault, FAULT_OPERATOR, "\"%s\" and \"%s\" are both set",
			  twin->name, key->name);
		fault_hint(fault, "Keep only one of them.");
	}
}

static void settings_from_ini(struct settings *settings, struct ini *ini,
			      enum settings_role role, struct findings *findings)
{
	FAULT_AUTO fault = { 0 };

	if (keys_init(settings, &fault) < 0) {
		fault_move(findings_add(findings, 0), &fault);
		return;
	}
	check_twins(ini, findings);
	for (size_t i = 0; i < ini->count; i++) {
		struct ini_entry *entry = &ini->entries[i];

		if (!entry->wrong)
			entry->wrong = entry_take(settings, ini, entry, findings) < 0;
	}
	check_required(settings, ini, role, findings);
	check_roles_differ(settings, ini, findings);
	check_passfile(settings, ini, findings);
	if (role == SETTINGS_PRIMARY || !settings->port)
		settings->port = settings->primary_port;
	/* the same ini may be used on all hosts, and these are a standby's directories */
	if (role == SETTINGS_PRIMARY)
		tablespace_map_free(&settings->tablespaces);
}

/* A line with an error in it may still show the secret. */
static bool holds_secret(const struct ini *ini)
{
	for (size_t i = 0; i < setting_keys_count; i++)
		if (setting_keys[i].type->secret &&
		    (is_given(ini, &setting_keys[i]) ||
		     is_named_wrong(ini, setting_keys[i].name)))
			return true;
	return false;
}

static int guard_ini(int fd, const struct ini *ini, bool tighten, struct findings *findings)
{
	const char *path = findings->path;
	struct fault *fault;
	struct stat st;
	int access = secret_file_access(fd);

	if (access < 0)
		return fault_errno(findings_add(findings, 0), FAULT_OPERATOR, access,
				   "could not stat \"%s\"", path);
	/* even without a secret in it, the ini decides where the server's data goes */
	if (access == SECRET_FILE_WRITE) {
		fault = findings_add(findings, 0);
		fault_set(fault, FAULT_OPERATOR, "others can write \"%s\"", path);
		secret_file_hint(fault, path);
		return -EPERM;
	}
	if (access == SECRET_FILE_NONE || !holds_secret(ini))
		return 0;
	if (tighten && fstat(fd, &st) == 0 && fchmod(fd, 0600) == 0) {
		log_warning("\"%s\" holds a password and others could read it: changed its mode from %04o to 0600",
			    path, st.st_mode & 07777);
		log_hint("Change the password if somebody may have read it.");
		return 0;
	}
	log_warning("\"%s\" holds a password and others can read it", path);
	log_hint("Run: chmod 600 %s", path);
	return 0;
}

static int open_ini(struct secret *content, struct findings *findings)
{
	const char *path = findings->path;
	FD_AUTO fd = file_open(path);
	int r = fd < 0 ? fd : file_read_fd(fd, INI_FILE_MAX, secret_text(content));
	struct fault *fault;

	if (r == 0)
		return file_steal(&fd);
	fault = findings_add(findings, 0);
	fault_errno(fault, FAULT_OPERATOR, r,
		    fd < 0 ? "could not open \"%s\"" : "could not read \"%s\"", path);
	if (fd < 0 && r != -FILE_NOT_REGULAR)
		fault_hint(fault,
			   "The package installs %s; use --config to name another file.",
			   SETTINGS_DEFAULT_PATH);
	else
		fault_hint(fault, "It must be a text file of at most %d KiB.",
			   INI_FILE_MAX / 1024);
	return r;
}

int settings_load(struct settings *ret, enum settings_role role, bool tighten,
		  struct findings *findings)
{
	struct settings settings = { 0 };
	struct ini ini = { 0 };
	SECRET_AUTO content = { { 0 } };
	FD_AUTO fd = open_ini(&content, findings);
	int r = fd < 0 ? fd : ini_parse(&ini, &content, findings);

	if (r == 0)
		r = guard_ini(fd, &ini, tighten, findings);
	/* not if others can write it: they would choose which files are read here */
	if (r == 0)
		settings_from_ini(&settings, &ini, role, findings);
	ini_free(&ini);
	if (findings->count) {
		settings_free(&settings);
		return -EINVAL;
	}
	*ret = settings;
	return 0;
}

/* The length of the quotation mark that text begins with; 0: it does not. */
static size_t typographic_quote(const char *text)
{
	static const char *const quotes[] = {
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x9f",
		"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9b",
		"\xc2\xab",     "\xc2\xbb",     "\xe2\x80\xb9", "\xe2\x80\xba"
	};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (text_starts_with(text, quotes[i]))
			return strlen(quotes[i]);
	return 0;
}

static bool is_in_typographic_quotes(const struct secret *secret)
{
	const char *text = secret_reveal(secret);
	size_t len = secret_len(secret), first = len ? typographic_quote(text) : 0;

	for (size_t last = 2; first && last <= 3 && first + last <= len; last++)
		if (typographic_quote(text + len - last) == last)
			return true;
	return false;
}

void settings_warn(const struct settings *settings)
{
	for (size_t i = 0; i < settings->standby_networks.count; i++) {
		const char *cidr = settings->standby_networks.cidr[i];

		if (strtol(strchr(cidr, '/') + 1, NULL, 10) >= PREFIX_MIN)
			continue;
		log_warning("\"standby_networks\" has %s, which is much of the whole Internet",
			    cidr);
		log_hint("List only the networks of the standbys, such as 10.0.0.0/24.");
	}
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];

		if (!key->type->secret ||
		    !is_in_typographic_quotes(
			    (const void *)((const char *)settings + key->offset)))
			continue;
		log_warning("\"%s\" begins and ends with typographic quotation marks, which are a part of it",
			    key->name);
		log_hint("Use ' or \" if they are meant to quote it.");
	}
}

void settings_free(struct settings *settings)
{
	keys_drop(settings);
	pgconf_free(&settings->primary_settings);
	pgconf_free(&settings->standby_settings);
}
