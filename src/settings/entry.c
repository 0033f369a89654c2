#include "settings/entry.h"

#include "settings/keys.h"

#include <errno.h>

/* Parameters that would undo what setup configures, and what to use instead. */
#define FOLLOWS           "A standby always follows its primary."
#define IN_DATA_DIRECTORY "The file in the data directory is always used."
#define NO_INCLUDE        "List each parameter here instead."
static const struct {
	const char *name;
	const char *hint;
} reserved[] = {
	{ "data_directory", "Set data_directory in section [common] instead." },
	{ "port",
	  "Set primary_port in section [common] or port in section [standby] instead." },
	{ "primary_conninfo", "It is made from the keys in sections [common] and [standby]." },
	{ "synchronous_standby_names",
	  "Set synchronous_standbys in section [primary] instead." },
	{ "ssl", "Set tls in section [common] instead." },
	{ "hot_standby", "hot_standby is always on: setup has to connect to the standby." },
	{ "recovery_target", FOLLOWS },
	{ "recovery_target_lsn", FOLLOWS },
	{ "recovery_target_name", FOLLOWS },
	{ "recovery_target_time", FOLLOWS },
	{ "recovery_target_xid", FOLLOWS },
	{ "promote_trigger_file",
	  "Promote a standby with \"pg_ctl promote\" or pg_promote() instead." },
	{ "hba_file", IN_DATA_DIRECTORY },
	{ "config_file", IN_DATA_DIRECTORY },
	{ "include", NO_INCLUDE },
	{ "include_if_exists", NO_INCLUDE },
	{ "include_dir", NO_INCLUDE },
};

#define PRIMARY_SETTINGS "primary.settings"
#define STANDBY_SETTINGS "standby.settings"
static const char *const sections[] = {
	"common", "primary", PRIMARY_SETTINGS, "standby", STANDBY_SETTINGS,
};

static int unknown_section(const struct ini *ini, const struct ini_entry *entry,
			   struct findings *findings)
{
	const size_t count = sizeof(sections) / sizeof(sections[0]);
	const char *near = text_nearest(entry->section, sections, count);
	struct fault *fault;

	for (const struct ini_entry *other = ini->entries; other < entry; other++)
		if (text_equal(other->section, entry->section))
			return -EINVAL;
	fault = findings_add(findings, entry->line);
	if (entry->in_doubt)
		fault_set(fault, FAULT_OPERATOR, "unknown section");
	else
		fault_set(fault, FAULT_OPERATOR, "unknown section [%s]", entry->section);
	if (near)
		fault_hint(fault, "Did you mean [%s]?", near);
	else
		fault_hint(fault, "The sections are [common], [primary], [" PRIMARY_SETTINGS
				  "], [standby] and [" STANDBY_SETTINGS "].");
	return -EINVAL;
}

static int unknown_key(const struct ini_entry *entry, struct findings *findings)
{
	struct fault *fault = findings_add(findings, entry->line);
	const char *names[64], *near; /* more than a section has keys */
	size_t count = 0;

	if (entry->in_doubt)
		fault_set(fault, FAULT_OPERATOR, "unknown key in section [%s]",
			  entry->section);
	else
		fault_set(fault, FAULT_OPERATOR, "unknown key \"%s\" in section [%s]",
			  entry->key, entry->section);
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
			   "See pgrepl.ini(5) for the keys; parameters of PostgreSQL belong in [" PRIMARY_SETTINGS
			   "] or [" STANDBY_SETTINGS "].");
	return -EINVAL;
}

/* "hot_standby = on", as setup guides have it, changes nothing. */
static bool is_redundant(const struct ini_entry *entry)
{
	bool on = false;

	return text_equal(entry->key, "hot_standby") &&
	       text_to_bool(secret_reveal(&entry->value), &on) == 0 && on;
}

static int take_parameter(struct pgconf *conf, const struct ini_entry *entry,
			  struct findings *findings)
{
	struct fault *fault;

	if (!pgconf_is_name(entry->key)) {
		fault = findings_add(findings, entry->line);
		if (entry->in_doubt)
			fault_set(fault, FAULT_OPERATOR, "invalid parameter name");
		else
			fault_set(fault, FAULT_OPERATOR,
				  "\"%s\" is not a valid parameter name", entry->key);
		fault_hint(fault, "Use the name of a parameter of postgresql.conf.");
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (!text_equal(reserved[i].name, entry->key) || is_redundant(entry))
			continue;
		fault = findings_add(findings, entry->line);
		fault_set(fault, FAULT_OPERATOR, "\"%s\" cannot be set in section [%s]",
			  entry->key, entry->section);
		fault_hint(fault, "%s", reserved[i].hint);
		return -EINVAL;
	}
	pgconf_set(conf, entry->key, secret_reveal(&entry->value));
	return 0;
}

static int take_key(struct settings *settings, const struct key *key,
		    struct ini_entry *entry, struct findings *findings)
{
	const struct key *twin = key_twin(key);
	FAULT_AUTO fault = { 0 };

	/* even if empty: "= #x" may be a password that starts with "#", or a comment */
	if (key->type->secret && entry->bare_with_comment) {
		fault_set(&fault, FAULT_OPERATOR,
			  "unquoted value of \"%s\" is followed by \";\" or \"#\"",
			  entry->key);
		fault_hint(&fault, "Quote the value to make clear where it ends%s%s.",
			   twin ? ", or put it in a file and set " : "",
			   twin ? twin->name : "");
	} else if (!secret_is_set(&entry->value)) {
		return 0;
	} else if (key->since > PGMAJOR) {
		fault_set(&fault, FAULT_OPERATOR,
			  "\"%s\" has no meaning before PostgreSQL %d", key->name,
			  key->since);
		fault_hint(&fault, "Remove it: this package is for PostgreSQL %d.", PGMAJOR);
	} else {
		/* as a string that the reader may take apart: the entry still wipes it */
		key->type->read(key, secret_text(&entry->value)->s,
				key_field(key, settings), &fault);
	}
	if (fault.class == FAULT_NONE)
		return 0;
	/* its value may be the rest of a secret that began on an earlier line */
	if (entry->in_doubt) {
		fault_clear(&fault);
		fault_set(&fault, FAULT_OPERATOR, "invalid value for \"%s\"", key->name);
		fault_hint(&fault, "Correct the errors before it first.");
	}
	fault_move(findings_add(findings, entry->line), &fault);
	return -EINVAL;
}

int entry_take(struct settings *settings, const struct ini *ini, struct ini_entry *entry,
	       struct findings *findings)
{
	const size_t count = sizeof(sections) / sizeof(sections[0]);
	const struct key *key = key_find(entry->section, entry->key);

	if (key)
		return take_key(settings, key, entry, findings);
	if (text_equal(entry->section, PRIMARY_SETTINGS))
		return take_parameter(&settings->primary_settings, entry, findings);
	if (text_equal(entry->section, STANDBY_SETTINGS))
		return take_parameter(&settings->standby_settings, entry, findings);
	for (size_t i = 0; i < count; i++)
		if (text_equal(sections[i], entry->section))
			return unknown_key(entry, findings);
	return unknown_section(ini, entry, findings);
}
