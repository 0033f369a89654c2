#include "settings/parameters.h"

#include "postgresql/certificate.h"

#include <limits.h>

struct parameter {
	const char *name;
	const char *value;
};

static const struct parameter both[] = {
	{ "listen_addresses", "*" },
	{ "max_connections", "100" },
	{ "wal_level", "replica" },
	{ "synchronous_commit", "on" },
	{ "max_wal_senders", "32" },
	/* a clone uses one while it runs; with the default of 10, the 11th would fail */
	{ "max_replication_slots", "32" },
	{ "wal_sender_timeout", "60s" },
	{ "hot_standby", "on" },
	{ "password_encryption", "scram-sha-256" },
};

static const struct parameter standby[] = {
	{ "max_connections", "1000" },
	{ "max_standby_streaming_delay", "30s" },
	{ "wal_receiver_status_interval", "1s" },
	{ "hot_standby_feedback", "on" },
	{ "recovery_target_timeline", "latest" },
	/*
	 * A primary that was once recovered to a point in time may still have one of
	 * these in its postgresql.conf: its clone would stop there and promote itself.
	 */
	{ "recovery_target", "" },
	{ "recovery_target_lsn", "" },
	{ "recovery_target_name", "" },
	{ "recovery_target_time", "" },
	{ "recovery_target_xid", "" },
	/* the primary may have been a standby: its slot is on its former upstream */
	{ "primary_slot_name", "" },
};

static void set_all(struct pgconf *conf, const struct parameter *parameters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pgconf_set(conf, parameters[i].name, parameters[i].value);
}

static void set_both(struct pgconf *conf, const struct settings *settings,
		     const struct major *major)
{
	set_all(conf, both, sizeof(both) / sizeof(both[0]));
	pgconf_setf(conf, "port", "%ld", settings->port);
	pgconf_set(conf, major->wal_keep_name, major->wal_keep_value);
	/* not ssl_cert_file and ssl_key_file: an adopted cluster may have its own */
	pgconf_set(conf, "ssl", settings->tls ? "on" : "off");
}

void parameters_of_primary(struct pgconf *ret, const struct settings *settings,
			   const struct major *major)
{
	set_both(ret, settings, major);
	if (settings->synchronous_standbys)
		pgconf_setf(ret, "synchronous_standby_names", "ANY %ld (*)",
			    settings->synchronous_standbys);
	else
		pgconf_set(ret, "synchronous_standby_names", "");
	pgconf_merge(ret, &settings->primary_settings);
}

static void raise_to(struct pgconf *conf, const char *name, long least)
{
	const char *text = pgconf_get(conf, name);
	long value;

	/* 0: no lower limit, or the upstream has not been asked yet */
	if (!least)
		return;
	/* not a number: the server itself will refuse it and say so */
	if (text && text_to_long(text, 0, LONG_MAX, &value) < 0)
		return;
	if (!text || value < least)
		pgconf_setf(conf, name, "%ld", least);
}

void parameters_of_standby(struct pgconf *ret, const struct settings *settings,
			   const struct major *major, const char *primary_conninfo,
			   const long raised[REPLICATION_RAISED])
{
	set_both(ret, settings, major);
	set_all(ret, standby, sizeof(standby) / sizeof(standby[0]));
	/* a standby does not wait for others, even if its clone's configuration says so */
	pgconf_set(ret, "synchronous_standby_names", "");
	pgconf_set(ret, "primary_conninfo", primary_conninfo);
	if (major->promote_trigger_file)
		pgconf_set(ret, "promote_trigger_file", "");
	/* those in the primary's configuration may be outside the cloned directory */
	pgconf_set(ret, "ssl_cert_file", CERTIFICATE_FILE);
	pgconf_set(ret, "ssl_key_file", CERTIFICATE_KEY_FILE);
	pgconf_merge(ret, &settings->standby_settings);
	for (int i = 0; i < REPLICATION_RAISED; i++)
		raise_to(ret, replication_raised[i], raised[i]);
}
