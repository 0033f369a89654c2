#include "settings/parameters.h"

#include "postgresql/certificate.h"

/* --- values that follow from the ini --- */

static bool make_port(const struct parameters_asked *asked, struct text *ret)
{
	text_addf(ret, "%ld", asked->settings->port);
	return false;
}

static bool make_ssl(const struct parameters_asked *asked, struct text *ret)
{
	text_add(ret, asked->settings->tls ? "on" : "off");
	return false;
}

static bool make_standby_names(const struct parameters_asked *asked, struct text *ret)
{
	long count = asked->settings->synchronous_standbys;

	if (count > 0)
		text_addf(ret, "ANY %ld (*)", count);
	return count >= 0;
}

static bool make_conninfo(const struct parameters_asked *asked, struct text *ret)
{
	text_add(ret, asked->primary_conninfo);
	return false;
}

/* 2 GB, as from 13 on */
static bool make_wal_segments(const struct parameters_asked *asked, struct text *ret)
{
	text_addf(ret, "%ld", (2L << 30) / asked->wal_segment_bytes);
	return false;
}

/* --- the table --- */

/*
 * The values are those of the procedure that pgrepl automates, plus what several standbys need
 * at the same time.
 */
const struct parameter parameters[] = {
	/* clang-format off */
	{ .name = "listen_addresses", .rule = RULE_COVERING, .value = "*", .roles = FOR_PRIMARY },
	{ .name = "listen_addresses", .rule = RULE_IF_UNSET, .value = "*", .roles = FOR_STANDBY },
	{ .name = "port", .rule = RULE_EXACTLY, .make = make_port },
	{ .name = "max_connections", .rule = RULE_AT_LEAST, .value = "100", .roles = FOR_PRIMARY },
	{ .name = "max_connections", .rule = RULE_AT_LEAST, .value = "1000", .roles = FOR_STANDBY },
	{ .name = "wal_level", .rule = RULE_AT_LEAST, .value = "replica", .ranks = guc_wal_levels },
	{ .name = "synchronous_commit", .rule = RULE_IF_UNSET, .value = "on" },
	{ .name = "max_wal_senders", .rule = RULE_AT_LEAST, .value = "32" },
	/* a clone uses one while it runs; with the default of 10, the 11th would fail */
	{ .name = "max_replication_slots", .rule = RULE_AT_LEAST, .value = "32" },
	/* on a standby also at least as many as on its primary */
	{ .name = "max_worker_processes", .rule = RULE_AT_LEAST },
	{ .name = "max_prepared_transactions", .rule = RULE_AT_LEAST },
	{ .name = "max_locks_per_transaction", .rule = RULE_AT_LEAST },
	{ .name = "wal_sender_timeout", .rule = RULE_IF_UNSET, .value = "60s" },
	/* WAL for standbys that are being cloned */
	{ .name = "wal_keep_segments", .rule = RULE_AT_LEAST, .make = make_wal_segments, .until = 12 },
	{ .name = "wal_keep_size", .rule = RULE_AT_LEAST, .value = "2GB", .since = 13,
	  .unit = 1024 * 1024 },
	/* it has no effect on a primary, but setup logs in to a standby */
	{ .name = "hot_standby", .rule = RULE_IF_UNSET, .value = "on", .roles = FOR_PRIMARY },
	{ .name = "hot_standby", .rule = RULE_EXACTLY, .value = "on", .roles = FOR_STANDBY },
	{ .name = "password_encryption", .rule = RULE_IF_UNSET, .value = "scram-sha-256" },
	/* not ssl_cert_file and ssl_key_file: an adopted cluster may have its own */
	{ .name = "ssl", .rule = RULE_AT_LEAST, .make = make_ssl, .ranks = guc_switch },
	{ .name = "synchronous_standby_names", .rule = RULE_IF_UNSET, .make = make_standby_names,
	  .roles = FOR_PRIMARY },
	/* a standby does not wait for others, even if its clone's configuration says so */
	{ .name = "synchronous_standby_names", .rule = RULE_IF_UNSET, .value = "",
	  .roles = FOR_STANDBY },

	{ .name = "max_standby_streaming_delay", .rule = RULE_IF_UNSET, .value = "30s",
	  .roles = FOR_STANDBY },
	{ .name = "wal_receiver_status_interval", .rule = RULE_IF_UNSET, .value = "1s",
	  .roles = FOR_STANDBY },
	{ .name = "hot_standby_feedback", .rule = RULE_IF_UNSET, .value = "on", .roles = FOR_STANDBY },
	{ .name = "recovery_target_timeline", .rule = RULE_EXACTLY, .value = "latest",
	  .roles = FOR_STANDBY },
	/*
	 * A primary that was once recovered to a point in time may still have one of
	 * these in its postgresql.conf: its clone would stop there and promote itself.
	 */
	{ .name = "recovery_target", .rule = RULE_EXACTLY, .value = "", .roles = FOR_STANDBY },
	{ .name = "recovery_target_lsn", .rule = RULE_EXACTLY, .value = "", .roles = FOR_STANDBY },
	{ .name = "recovery_target_name", .rule = RULE_EXACTLY, .value = "", .roles = FOR_STANDBY },
	{ .name = "recovery_target_time", .rule = RULE_EXACTLY, .value = "", .roles = FOR_STANDBY },
	{ .name = "recovery_target_xid", .rule = RULE_EXACTLY, .value = "", .roles = FOR_STANDBY },
	/*
	 * The primary may have been a standby: a slot that its clone inherits is on another
	 * upstream. That of an existing standby keeps the WAL it needs.
	 */
	{ .name = "primary_slot_name", .rule = RULE_IF_UNSET, .value = "", .roles = FOR_STANDBY },
	{ .name = "primary_conninfo", .rule = RULE_EXACTLY, .make = make_conninfo,
	  .roles = FOR_STANDBY },
	{ .name = "promote_trigger_file", .rule = RULE_IF_UNSET, .value = "", .roles = FOR_STANDBY,
	  .until = 15 },
	/* those in the primary's configuration may be outside the cloned directory */
	{ .name = "ssl_cert_file", .rule = RULE_IF_UNSET, .value = CERTIFICATE_FILE,
	  .roles = FOR_STANDBY },
	{ .name = "ssl_key_file", .rule = RULE_IF_UNSET, .value = CERTIFICATE_KEY_FILE,
	  .roles = FOR_STANDBY },
	/* clang-format on */
};

const size_t parameters_count = sizeof(parameters) / sizeof(parameters[0]);
