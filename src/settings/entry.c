#include "settings/entry.h"

#include "settings/keys.h"

#include <errno.h>

/*
 * Parameters that would lead the server away from what setup has made, by where they
 * belong.
 */
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
	const char *names[64], *near; /* more than a section has keys */
	size_t count = 0;

	fault_set(fault, FAULT_OPERATOR, "%s:%d: unknown key \"%s\" in section [%s]",
		  ini->path, entry->line, entry->key, entry->section);
	for (size_t i = 0; i < setting_keys_count; i++) {
		if (text_equal(setting_keys[i].name, entry->key)) {
			fault_hint(fault, "It belongs in section [%s].",
				   setting_keys[i].section);
			return -EINVAL;
		}
		if (count < sizeof(names) / sizeof(names[0]) &&
		    text_equal(setting_keys[i].section, entry->section))
			names[count++] = setting_keys[i].name;
	}
	near = text_nearest(entry->key, names, count);
	if (near)
		fault_hint(fault, "Did you mean \"%s\"?", near);
	else
		fault_hint(fault,
			   "A parameter of PostgreSQL goes into [" PRIMARY_SETTINGS
			   "] or [" STANDBY_SETTINGS "]; pgrepl.ini(5) has the keys.");
	return -EINVAL;
}

/* The guide's own "hot_standby = on" is what it is anyway. */
static bool is_as_ever(const struct ini_entry *entry)
{
	bool on = false;

	return text_equal(entry->key, "hot_standby") &&
	       text_to_bool(secret_reveal(&entry->value), &on) == 0 && on;
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
		if (!text_equal(reserved[i].name, entry->key) || is_as_ever(entry))
			continue;
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%d: \"%s\" cannot be set in section [%s]", ini->path,
			  entry->line, entry->key, entry->section);
		fault_hint(fault, "In its place there is %s.", reserved[i].instead);
		return -EINVAL;
	}
	pgconf_set(conf, entry->key, secret_reveal(&entry->value));
	return 0;
}

static int take_key(struct settings *settings, const struct key *key,
		    const struct ini *ini, struct ini_entry *entry, struct fault *fault)
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
			"Quote the value, so that it is clear where it ends, or name a file by %s_file.",
			entry->key);
		return -EINVAL;
	}
	if (!secret_is_set(&entry->value))
		return 0;
	/* as a string that the reader may take apart: the entry still wipes it */
	r = key->read(key, secret_text(&entry->value)->s, (char *)settings + key->offset,
		      &reason);
	return r < 0 ? at_line(ini, entry, &reason, fault) : 0;
}

int entry_take(struct settings *settings, const struct ini *ini, struct ini_entry *entry,
	       struct fault *fault)
{
	const size_t count = sizeof(sections) / sizeof(sections[0]);
	size_t i;

	if (text_equal(entry->section, PRIMARY_SETTINGS))
		return take_parameter(&settings->primary_settings, ini, entry, fault);
	if (text_equal(entry->section, STANDBY_SETTINGS))
		return take_parameter(&settings->standby_settings, ini, entry, fault);
	for (i = 0; i < setting_keys_count; i++)
		if (text_equal(setting_keys[i].section, entry->section) &&
		    text_equal(setting_keys[i].name, entry->key))
			return take_key(settings, &setting_keys[i], ini, entry, fault);
	for (i = 0; i < count; i++)
		if (text_equal(sections[i], entry->section))
			return unknown_key(ini, entry, fault);
	return unknown_section(ini, entry, fault);
}
