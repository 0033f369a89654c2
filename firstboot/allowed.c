#include "allowed.h"

#include "postgresql/guc.h"
#include "postgresql/holdings.h"

#include <errno.h>

static int too_low(const struct host *host, const char *name, struct fault *fault,
		   const char *otherwise)
{
	return fault_hint(fault,
			  "Correct %s in section [%s.settings] of the ini%s, then run setup again.",
			  name, host->role->name, otherwise);
}

static int check_count(const struct host *host, const struct pgconf *wanted,
		       const char *name, long held, const char *what,
		       const char *otherwise, struct fault *fault)
{
	const char *value = pgconf_get(wanted, name);
	double number;

	if (!value || !guc_measure(value, NULL, 1, &number) || number >= (double)held)
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "%s = %s is too low: the cluster has %ld %s%s, and would not start",
		  name, value, held, what, text_s(held));
	return too_low(host, name, fault, otherwise);
}

static int check_wal_level(const struct host *host, const struct pgconf *wanted,
			   const char *logical_slot, struct fault *fault)
{
	const char *value = pgconf_get(wanted, "wal_level");
	double rank, need;

	if (!value || !guc_measure(value, guc_wal_levels, 1, &rank))
		return 0;
	if (guc_measure("replica", guc_wal_levels, 1, &need) && rank < need) {
		fault_set(fault, FAULT_OPERATOR,
			  "wal_level = %s is too low: no standby could follow", value);
		return too_low(host, "wal_level", fault, "");
	}
	if (!*logical_slot || !guc_measure("logical", guc_wal_levels, 1, &need) || rank >= need)
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "wal_level = %s is too low for the logical replication slot \"%s\": the cluster would not start",
		  value, logical_slot);
	return too_low(host, "wal_level", fault,
		       ", or drop the slot with pg_drop_replication_slot()");
}

/* A server that runs has prepared transactions that are not in files yet. */
static long count_prepared(struct host *host, long in_files)
{
	FAULT_AUTO fault = { 0 };
	RESULT_AUTO row = NULL;
	long count = in_files;

	if (host->db.conn && host_query(host, "SELECT count(*) FROM pg_prepared_xacts", 0,
					NULL, &row, &fault) == 0)
		(void)text_to_long(db_value(row, 0, 0), 0, 1 << 30, &count);
	return count;
}

static int check_holdings(struct host *host, const struct pgconf *wanted, struct fault *fault)
{
	struct holdings held = { 0 };

	if (host_in_place(host)) {
		holdings_look(host->cluster.path, &held);
		held.prepared = count_prepared(host, held.prepared);
	}
	if (check_count(host, wanted, "max_replication_slots", held.slots, "replication slot",
			", or drop slots with pg_drop_replication_slot()", fault) < 0 ||
	    check_count(host, wanted, "max_prepared_transactions", held.prepared,
			"prepared transaction",
			", or end them with COMMIT PREPARED or ROLLBACK PREPARED", fault) < 0)
		return -EIO;
	return check_wal_level(host, wanted, held.logical_slot, fault);
}

/* Whoever connects to an adopted server would not find it any more. */
static int check_port(const struct host *host, const struct pgconf *wanted,
		      const struct present *present, struct fault *fault)
{
	const struct conf_line *line = conf_lines_find(&present->lines, "port");
	const char *port = pgconf_get(wanted, "port");
	TEXT_AUTO origin = { 0 };

	if (!line || !port || line->origin != CONF_FILE || text_equal(line->value, port))
		return 0;
	conf_line_add_origin(&origin, line);
	fault_set(fault, FAULT_OPERATOR, "the server's port is %s (%s), and %s in the ini",
		  line->value, text_str(&origin), port);
	return fault_hint(fault,
			  "Set %s in the ini to that port, or change that line, then run setup again.",
			  host->role->settings == SETTINGS_PRIMARY
				  ? "primary_port in section [common]"
				  : "port in section [standby]");
}

/* Without them no standby can be cloned, or follow. */
static int check_room_for_standbys(const struct host *host, const struct pgconf *wanted,
				   struct fault *fault)
{
	static const char *const names[] = { "max_wal_senders", "max_replication_slots" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = pgconf_get(wanted, names[i]);
		double number;

		if (host->role->settings != SETTINGS_PRIMARY || !value ||
		    !guc_measure(value, NULL, 1, &number) || number >= 1)
			continue;
		fault_set(fault, FAULT_OPERATOR, "with %s = %s no standby can follow",
			  names[i], value);
		return fault_hint(fault, "Correct it in section [primary.settings].");
	}
	return 0;
}

/* Commits do not wait for standbys then, whatever synchronous_standby_names says. */
static int check_synchronous(const struct host *host, const struct pgconf *wanted,
			     const struct present *present, struct fault *fault)
{
	const struct conf_line *line = conf_lines_find(&present->lines, "synchronous_commit");
	TEXT_AUTO origin = { 0 };
	double on;

	if (host->settings.synchronous_standbys <= 0 || !line ||
	    pgconf_get(wanted, "synchronous_commit") ||
	    (!text_equal(line->value, "local") &&
	     !(guc_measure(line->value, guc_switch, 1, &on) && on == 0)))
		return 0;
	conf_line_add_origin(&origin, line);
	fault_set(fault, FAULT_OPERATOR,
		  "synchronous_standbys = %ld has no effect with synchronous_commit = %s (%s)",
		  host->settings.synchronous_standbys, line->value, text_str(&origin));
	return fault_hint(fault,
			  "Set synchronous_commit = on in section [primary.settings], or synchronous_standbys = 0.");
}

/* What somebody has written for a standby: how it knows its primary, and the other way round. */
static int check_conninfo(const struct host *host, const struct pgconf *wanted,
			  const struct present *present, struct fault *fault)
{
	const struct conf_line *line = conf_lines_find(&present->lines, "primary_conninfo");
	const char *after = pgconf_get(wanted, "primary_conninfo"), *keyword;
	STRING_AUTO value = NULL;
	STRING_AUTO name = NULL;
	TEXT_AUTO origin = { 0 };

	if (!line || line->origin == CONF_OURS || !after)
		return 0;
	conf_line_add_origin(&origin, line);
	keyword = replication_find_weakened(line->value, after, &value);
	if (keyword) {
		fault_set(fault, FAULT_OPERATOR,
			  "primary_conninfo (%s) has %s=%s, and what the ini says is weaker",
			  text_str(&origin), keyword, value);
		return fault_hint(fault,
				  "Set tls = on, and tls_root_cert in section [standby] to the certificate that the primary is verified with; or change that line, then run setup again.");
	}
	name = replication_conninfo_get(line->value, "application_name");
	if (!name || *host->settings.application_name ||
	    text_equal(name, host->application_name))
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "the primary knows this standby as \"%s\" (%s), and would know it as \"%s\"",
		  name, text_str(&origin), host->application_name);
	return fault_hint(fault,
			  "The primary may wait for commits by that name: set application_name in section [standby] to the name that it should have.");
}

static int overridden(const char *name, const struct conf_line *line, struct fault *fault)
{
	TEXT_AUTO origin = { 0 };

	conf_line_add_origin(&origin, line);
	fault_set(fault, FAULT_OPERATOR, "\"%s\" is overridden by %s", name,
		  text_str(&origin));
	if (line->origin == CONF_COMMAND_LINE)
		return fault_hint(fault, "Remove it there, or from the ini.");
	return fault_hint(fault,
			  "Run \"ALTER SYSTEM RESET %s\" as the superuser, or remove that line, then run setup again.",
			  name);
}

int allowed_check(struct host *host, const struct pgconf *wanted,
		  const struct present *present, struct fault *fault)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct conf_line *line = conf_lines_find(&present->lines,
							       wanted->items[i].name);

		if (line && conf_line_is_beyond(line))
			return overridden(wanted->items[i].name, line, fault);
	}
	if (check_port(host, wanted, present, fault) < 0 ||
	    check_room_for_standbys(host, wanted, fault) < 0 ||
	    check_synchronous(host, wanted, present, fault) < 0 ||
	    check_conninfo(host, wanted, present, fault) < 0)
		return -EIO;
	return check_holdings(host, wanted, fault);
}
