/*
 * settings.c - comparing values of parameters, and the rules of their table.
 */
#include "unit.h"

#include "base/complaint.h"
#include "base/file.h"
#include "postgresql/conf_lines.h"
#include "postgresql/guc.h"
#include "postgresql/holdings.h"
#include "postgresql/listen.h"
#include "settings/parameters.h"

#include <stdlib.h>
#include <strings.h>
#include <sysexits.h>

static void put(const char *folder, const char *name, const char *content)
{
	STRING_AUTO path = text_format("%s/%s", folder, name);

	CHECK(file_replace(path, 0600, content, strlen(content)) >= 0);
}

/* --- values --- */

static void values_are_measured_as_the_server_measures_them(void)
{
	static const struct {
		const char *value;
		double unit, number;
	} numbers[] = {
		{ "32", 1, 32 },
		{ " 32 ", 1, 32 },
		{ "0x20", 1, 32 },
		{ "040", 1, 32 },
		{ "3.2e1", 1, 32 },
		{ "-1", 1, -1 },
		{ "2048", 1 << 20, 2048.0 * (1 << 20) },
		{ "2GB", 1 << 20, 2048.0 * (1 << 20) },
		{ "2 GB", 1 << 20, 2048.0 * (1 << 20) },
		{ "2097152kB", 1 << 20, 2048.0 * (1 << 20) },
		{ "1.5TB", 1, 1.5 * 1024 * 1024 * 1024 * 1024 },
		{ "7B", 1024, 7 },
	};
	static const char *const none[] = { "",    "x",  "2gb", "2GBs",
					    "1 2", "GB", "nan", "--1" };
	static const struct {
		const struct guc_rank *ranks;
		const char *word;
		double rank;
	} words[] = {
		{ guc_wal_levels, "minimal", 0 }, { guc_wal_levels, "REPLICA", 1 },
		{ guc_wal_levels, "archive", 1 }, { guc_wal_levels, "hot_standby", 1 },
		{ guc_wal_levels, "logical", 2 }, { guc_switch, "on", 1 },
		{ guc_switch, "Off", 0 },         { guc_switch, "t", 1 },
		{ guc_switch, "fal", 0 },         { guc_switch, "1", 1 },
		{ guc_switch, "y", 1 },           { guc_switch, "no", 0 },
	};
	double seen;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		seen = -2;
		CHECK(guc_measure(numbers[i].value, NULL, numbers[i].unit, &seen));
		NUMBER(seen, numbers[i].number);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!guc_measure(none[i], NULL, 1, &seen));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		seen = -2;
		CHECK(guc_measure(words[i].word, words[i].ranks, 1, &seen));
		NUMBER(seen, words[i].rank);
	}
	CHECK(!guc_measure("", guc_switch, 1, &seen));
	CHECK(!guc_measure("2", guc_switch, 1, &seen));
	CHECK(!guc_measure("o", guc_switch, 1, &seen));
	CHECK(!guc_measure("log", guc_wal_levels, 1, &seen));
	CHECK(!guc_measure("replicas", guc_wal_levels, 1, &seen));
}

static void addresses_cover_networks_unless_they_are_this_hosts_own(void)
{
	static const struct {
		const char *addresses, *networks;
		bool covered;
	} cases[] = {
		{ "*", "10.0.0.0/24", true },
		{ "0.0.0.0", "10.0.0.0/24", true },
		{ "0.0.0.0", "fd00::/64", false },
		{ "::", "fd00::/64", true },
		{ "::", "10.0.0.0/24", false },
		{ "127.0.0.1", "10.0.0.0/24", false },
		{ "127.0.0.1, ::1", "10.0.0.0/24, fd00::/64", false },
		{ "", "10.0.0.0/24", false },
		{ "127.0.0.1,10.0.0.5", "10.0.0.0/24", true },
		{ "10.1.0.5", "10.0.0.0/24", true },
		{ "10.0.0.5", "10.0.0.0/24, fd00::/64", true },
		{ "10.0.0.5", "fd00::/64", false },
		{ "127.0.0.1", "10.0.0.0/24, 127.0.0.0/8", false },
		{ "127.0.0.1", "127.0.0.0/8, ::1/128", true },
		{ "10.0.0.5", "127.0.0.0/8", false },
		{ "0.0.0.0", "127.0.0.0/8", true },
		{ "127.0.0.1", "0.0.0.0/0", false },
		{ "name.invalid", "10.0.0.0/24", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct networks networks = { 0 };
		char *wrong = NULL;

		CHECK(networks_parse(&networks, cases[i].networks, &wrong) == 0);
		if (listen_covers(cases[i].addresses, &networks) != cases[i].covered)
			printf("%s for %s\n", cases[i].addresses, cases[i].networks);
		CHECK(listen_covers(cases[i].addresses, &networks) == cases[i].covered);
		networks_free(&networks);
	}
}

/* --- the table --- */

static const long majors[] = { 12, 13, 14, 15, 16, 17, 18 };
enum { MAJORS = sizeof(majors) / sizeof(majors[0]) };

/* How many rows with this rule a role has. */
static int rows_of(enum rule rule, enum settings_role role, long major)
{
	int count = 0;

	for (size_t i = 0; i < parameters_count; i++)
		count += parameters[i].rule == rule &&
			 (!parameters[i].roles || parameters[i].roles & 1U << role) &&
			 parameters_know(parameters[i].name, major);
	return count;
}

static void each_parameter_has_one_rule_per_role_and_major(void)
{
	static const char *const names[] = { "exactly", "at least", "if unset", "covering" };

	for (size_t i = 0; i < parameters_count; i++) {
		const struct parameter *row = &parameters[i];

		CHECK(!row->value || !row->make);
		CHECK(row->value || row->make || row->rule == RULE_AT_LEAST);
		for (size_t j = 0; j < i; j++)
			CHECK(strcasecmp(parameters[j].name, row->name) != 0 ||
			      (parameters[j].roles && row->roles &&
			       !(parameters[j].roles & row->roles)));
	}
	for (int m = 0; m < MAJORS; m++)
		for (int role = SETTINGS_PRIMARY; role <= SETTINGS_STANDBY; role++) {
			printf("%ld, %s:", majors[m],
			       role == SETTINGS_PRIMARY ? "primary" : "standby");
			for (int rule = RULE_EXACTLY; rule <= RULE_COVERING; rule++)
				printf(" %d %s%s",
				       rows_of((enum rule)rule, (enum settings_role)role,
					       majors[m]),
				       names[rule], rule == RULE_COVERING ? "\n" : ",");
		}
}

static struct settings some_settings(void)
{
	return (struct settings){ .port = 5433, .tls = true, .synchronous_standbys = -1 };
}

static struct parameters_asked asked_of(const struct settings *settings,
					enum settings_role role, long major)
{
	return (struct parameters_asked){
		.settings = settings,
		.role = role,
		.major = major,
		.wal_segment_bytes = 16 * 1024 * 1024,
		.primary_conninfo = "host='x'",
	};
}

static void a_new_cluster_gets_every_value(void)
{
	struct settings settings = some_settings();

	for (int m = 0; m < MAJORS; m++) {
		struct parameters_asked asked = asked_of(&settings, SETTINGS_PRIMARY,
							 majors[m]);
		struct pgconf conf = { 0 };

		parameters_decide(&conf, &asked);
		NUMBER(conf.count, 13);
		EQUAL(pgconf_get(&conf, "port"), "5433");
		EQUAL(pgconf_get(&conf, "ssl"), "on");
		EQUAL(pgconf_get(&conf, "wal_level"), "replica");
		EQUAL(pgconf_get(&conf, "synchronous_standby_names"), "");
		if (majors[m] == 12)
			EQUAL(pgconf_get(&conf, "wal_keep_segments"), "128");
		else
			EQUAL(pgconf_get(&conf, "wal_keep_size"), "2GB");
		pgconf_free(&conf);
	}
}

static void two_gigabytes_of_wal_are_kept_whatever_the_size_of_a_segment(void)
{
	struct settings settings = some_settings();

	for (long mb = 1; mb <= 1024; mb *= 2) {
		struct parameters_asked asked = asked_of(&settings, SETTINGS_PRIMARY, 12);
		struct pgconf conf = { 0 };
		STRING_AUTO expected = text_format("%ld", 2048 / mb);

		asked.wal_segment_bytes = mb * 1024 * 1024;
		parameters_decide(&conf, &asked);
		EQUAL(pgconf_get(&conf, "wal_keep_segments"), expected);
		pgconf_free(&conf);
	}
}

static void the_five_settings_of_a_standby_are_raised_and_never_lowered(void)
{
	const long upstream[REPLICATION_RAISED] = { 2000, 8, 10, 5, 64 };
	struct settings settings = some_settings();
	struct parameters_asked asked = asked_of(&settings, SETTINGS_STANDBY, 12);
	struct pgconf conf = { 0 };

	settings.tls = false;
	asked.raised = upstream;
	pgconf_set(&settings.standby_settings, "max_wal_senders", "9");
	pgconf_set(&settings.standby_settings, "max_worker_processes", "16");
	pgconf_set(&settings.standby_settings, "max_locks_per_transaction", "many");
	parameters_decide(&conf, &asked);
	EQUAL(pgconf_get(&conf, "max_connections"), "2000");
	EQUAL(pgconf_get(&conf, "max_wal_senders"), "10");
	EQUAL(pgconf_get(&conf, "max_worker_processes"), "16");
	EQUAL(pgconf_get(&conf, "max_prepared_transactions"), "5");
	/* the server reports what is wrong with it */
	EQUAL(pgconf_get(&conf, "max_locks_per_transaction"), "many");
	EQUAL(pgconf_get(&conf, "port"), "5433");
	EQUAL(pgconf_get(&conf, "ssl"), "off");
	EQUAL(pgconf_get(&conf, "primary_conninfo"), "host='x'");
	pgconf_free(&conf);
	pgconf_free(&settings.standby_settings);
}

/* What an existing cluster's file of ours says about one parameter; NULL: nothing. */
struct rule_case {
	const char *name;
	enum settings_role role;
	const char *initial;           /* without any line */
	const char *before, *ours;     /* lines of postgresql.conf, in their order */
	const char *after, *automatic; /* and of postgresql.auto.conf */
	const char *own;               /* of the ini */
	const char *expected;
};

static void decide_case(const struct rule_case *c)
{
	struct settings settings = some_settings();
	struct parameters_asked asked = asked_of(&settings, c->role, 12);
	CONF_LINES_AUTO lines = { 0 };
	struct pgconf defaults = { 0 }, conf = { 0 };
	const char *seen;

	if (c->initial)
		pgconf_set(&defaults, c->name, c->initial);
	if (c->before)
		conf_lines_add(&lines, c->name, c->before, "postgresql.conf", 1, CONF_FILE);
	if (c->ours)
		conf_lines_add(&lines, c->name, c->ours, "pgrepl.conf", 1, CONF_OURS);
	if (c->after)
		conf_lines_add(&lines, c->name, c->after, "postgresql.conf", 3, CONF_FILE);
	if (c->automatic)
		conf_lines_add(&lines, c->name, c->automatic, "postgresql.auto.conf", 1,
			       CONF_AUTO);
	if (c->own)
		pgconf_set(c->role == SETTINGS_PRIMARY ? &settings.primary_settings
						       : &settings.standby_settings,
			   c->name, c->own);
	asked.present = &lines;
	asked.defaults = &defaults;
	parameters_decide(&conf, &asked);
	seen = pgconf_get(&conf, c->name);
	if (!text_equal(seen ? seen : "(nothing)", c->expected ? c->expected : "(nothing)"))
		printf("%s, initial %s, before %s, ours %s, after %s, auto %s, ini %s:\n",
		       c->name, c->initial, c->before, c->ours, c->after, c->automatic,
		       c->own);
	EQUAL(seen ? seen : "(nothing)", c->expected ? c->expected : "(nothing)");
	pgconf_free(&conf);
	pgconf_free(&defaults);
	pgconf_free(&settings.primary_settings);
	pgconf_free(&settings.standby_settings);
}

static void rules_never_lower_what_is_there(void)
{
	static const struct rule_case cases[] = {
		{ .name = "max_wal_senders", .initial = "10", .expected = "32" },
		{ .name = "max_wal_senders", .before = "5", .expected = "32" },
		{ .name = "max_wal_senders", .before = "32", .expected = NULL },
		{ .name = "max_wal_senders", .before = "500", .expected = NULL },
		{ .name = "max_wal_senders", .before = "0x100", .expected = NULL },
		{ .name = "max_wal_senders", .automatic = "500", .expected = NULL },
		/* refused later: our file cannot win there */
		{ .name = "max_wal_senders", .automatic = "5", .expected = "32" },
		/* a ratchet */
		{ .name = "max_wal_senders", .before = "5", .ours = "500", .expected = "500" },
		{ .name = "max_wal_senders", .before = "100", .ours = "100", .expected = "100" },
		{ .name = "max_wal_senders", .before = "500", .ours = "100", .expected = NULL },
		{ .name = "max_wal_senders", .before = "200", .ours = "5", .expected = NULL },
		{ .name = "max_wal_senders", .before = "6", .ours = "5", .expected = "32" },
		/* not last any more: what came after it is what there is */
		{ .name = "max_wal_senders", .ours = "100", .after = "500", .expected = NULL },
		{ .name = "max_wal_senders", .ours = "100", .after = "40", .expected = NULL },
		{ .name = "max_wal_senders", .ours = "100", .after = "5", .expected = "32" },
		{ .name = "max_wal_senders", .before = "500", .own = "40", .expected = "40" },
		{ .name = "max_wal_senders", .automatic = "40", .own = "40", .expected = NULL },
		/* never ours, but a promoted standby has them in its file */
		{ .name = "max_worker_processes", .initial = "8", .expected = NULL },
		{ .name = "max_worker_processes", .ours = "64", .expected = "64" },
		{ .name = "primary_conninfo", .ours = "host=a", .expected = "host=a" },
		{ .name = "ssl_key_file",
		  .before = "/a",
		  .ours = "server.key",
		  .expected = "server.key" },
		{ .name = "work_mem", .ours = "64MB", .expected = NULL },
		{ .name = "work_mem", .ours = "64MB", .own = "1MB", .expected = "1MB" },

		{ .name = "wal_level", .before = "logical", .expected = NULL },
		{ .name = "wal_level", .before = "hot_standby", .expected = NULL },
		{ .name = "wal_level", .before = "minimal", .expected = "replica" },
		{ .name = "wal_level", .before = "logical", .ours = "replica", .expected = NULL },
		{ .name = "wal_level", .before = "replica", .ours = "logical", .expected = "logical" },
		{ .name = "ssl", .initial = "off", .expected = "on" },
		{ .name = "ssl", .before = "yes", .expected = NULL },
		{ .name = "wal_keep_segments", .before = "500", .expected = NULL },
		{ .name = "wal_keep_segments", .before = "50", .expected = "128" },

		{ .name = "synchronous_standby_names", .before = "s1", .expected = NULL },
		{ .name = "synchronous_standby_names", .automatic = "s1", .expected = NULL },
		{ .name = "synchronous_standby_names", .initial = "", .expected = NULL },
		{ .name = "synchronous_standby_names", .ours = "", .after = "s1", .expected = NULL },
		{ .name = "synchronous_standby_names",
		  .ours = "ANY 1 (*)",
		  .expected = "ANY 1 (*)" },
		{ .name = "synchronous_commit", .before = "local", .expected = NULL },
		{ .name = "synchronous_commit", .initial = "on", .expected = NULL },
		{ .name = "password_encryption", .before = "md5", .expected = NULL },
		{ .name = "password_encryption", .initial = "md5", .expected = "scram-sha-256" },
		{ .name = "password_encryption", .initial = "scram-sha-256", .expected = NULL },
		{ .name = "wal_sender_timeout", .automatic = "5s", .expected = NULL },

		{ .name = "port", .before = "5433", .expected = "5433" },
		{ .name = "port", .automatic = "5433", .expected = NULL },
		{ .name = "hot_standby", .before = "off", .expected = NULL },
		{ .name = "hot_standby",
		  .role = SETTINGS_STANDBY,
		  .before = "off",
		  .expected = "on" },
		{ .name = "primary_slot_name",
		  .role = SETTINGS_STANDBY,
		  .automatic = "mine",
		  .expected = NULL },
		{ .name = "recovery_target_time",
		  .role = SETTINGS_STANDBY,
		  .before = "x",
		  .expected = "" },
		{ .name = "max_connections",
		  .role = SETTINGS_STANDBY,
		  .before = "100",
		  .expected = "1000" },
		{ .name = "max_connections", .ours = "1000", .expected = "1000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		decide_case(&cases[i]);
}

/* Every row, and every value below, equal to and above it, in every place. */
static void for_every_number_of_the_table_what_wins_is_never_less_than_before(void)
{
	static const char *const values[] = { "1", "31", "32", "33", "128", "1000", "5000" };
	const size_t count = sizeof(values) / sizeof(values[0]);
	int tried = 0;

	for (size_t p = 0; p < parameters_count; p++) {
		const struct parameter *row = &parameters[p];
		int role = row->roles & FOR_STANDBY ? SETTINGS_STANDBY : SETTINGS_PRIMARY;

		if (row->rule != RULE_AT_LEAST || row->ranks)
			continue;
		for (size_t i = 0; i < count * count * count * 8; i++) {
			struct settings settings = some_settings();
			struct parameters_asked asked = asked_of(&settings,
								 (enum settings_role)role,
								 row->since ? 13 : 12);
			CONF_LINES_AUTO lines = { 0 };
			struct pgconf defaults = { 0 }, conf = { 0 };
			const struct conf_line *now, *others;
			const char *after;
			double had, has;

			pgconf_set(&defaults, row->name, "1");
			if (i & 1)
				conf_lines_add(&lines, row->name, values[i / 8 % count],
					       "p", 1, CONF_FILE);
			if (i & 2)
				conf_lines_add(&lines, row->name,
					       values[i / 8 / count % count], "o", 1,
					       CONF_OURS);
			if (i & 4)
				conf_lines_add(&lines, row->name,
					       values[i / 8 / count / count], "p", 2,
					       CONF_FILE);
			asked.present = &lines;
			asked.defaults = &defaults;
			parameters_decide(&conf, &asked);
			now = conf_lines_find(&lines, row->name);
			others = conf_lines_find_others(&lines, row->name);
			after = pgconf_get(&conf, row->name);
			after = after ? after : others ? others->value : "1";
			CHECK(guc_measure(now ? now->value : "1", NULL, 1, &had));
			CHECK(guc_measure(after, NULL, 1, &has));
			CHECK(has >= had);
			tried++;
			pgconf_free(&conf);
			pgconf_free(&defaults);
		}
	}
	printf("%d courses\n", tried);
}

/* --- what a cluster holds, and what its log says --- */

static void put_slot(const char *folder, const char *name, unsigned database,
		     unsigned persistency)
{
	STRING_AUTO slots = text_format("%s/pg_replslot", folder);
	STRING_AUTO slot = text_format("%s/%s", slots, name);
	STRING_AUTO state = text_format("%s/state", slot);
	unsigned words[4 + 16 + 2 + 8] = { 0x1051CA1, 1, 2, 3 };

	snprintf((char *)&words[4], 64, "%s", name);
	words[20] = database;
	words[21] = persistency;
	(void)mkdir(slots, 0700);
	CHECK(mkdir(slot, 0700) == 0);
	CHECK(file_replace(state, 0600, (const char *)words, sizeof(words)) == 1);
}

static void slots_and_prepared_transactions_are_counted(const char *folder)
{
	STRING_AUTO twophase = text_format("%s/pg_twophase", folder);
	struct holdings held;

	holdings_look(folder, &held);
	NUMBER(held.slots, 0);
	NUMBER(held.prepared, 0);
	put_slot(folder, "physical", 0, 0);
	put_slot(folder, "temporary", 0, 2);
	put_slot(folder, "ephemeral", 5, 1);
	put_slot(folder, "gone.tmp", 5, 0);
	CHECK(mkdir(twophase, 0700) == 0);
	put(twophase, "0000029A", "");
	put(twophase, "00000000000002B7", "");
	put(twophase, "other", "");
	holdings_look(folder, &held);
	NUMBER(held.slots, 1);
	EQUAL(held.logical_slot, "");
	NUMBER(held.prepared, 2);
	put_slot(folder, "logical", 13000, 0);
	holdings_look(folder, &held);
	NUMBER(held.slots, 2);
	EQUAL(held.logical_slot, "logical");
}

static void only_what_the_server_says_itself_is_quoted(const char *folder)
{
	STRING_AUTO path = text_format("%s/log", folder);
	STRING_AUTO link = text_format("%s/none", folder);
	TEXT_AUTO line = { 0 };

	CHECK(!complaint_find("LOG:  starting\nERROR:  no\n", complaint_fatal, &line));
	CHECK(complaint_find("1 FATAL:  the first\n2 FATAL:  the\tsecond\x1b[1m\nLOG:  x\n"
			     "FATAL:  terminating connection due to administrator command\n"
			     "FATAL:  the database system is shutting down",
			     complaint_fatal, &line));
	EQUAL(text_str(&line), "FATAL:  the?second?[1m");
	put(folder, "log", "x FATAL:  old\nx PANIC:  new\n");
	CHECK(complaint_find_in(path, 0, complaint_fatal, &line));
	EQUAL(text_str(&line), "PANIC:  new");
	CHECK(complaint_find_in(path, 14, complaint_fatal, &line));
	CHECK(!complaint_find_in(path, 28, complaint_fatal, &line));
	/* truncated since */
	CHECK(complaint_find_in(path, 1000, complaint_fatal, &line));
	CHECK(!complaint_find_in(link, 0, complaint_fatal, &line));
	CHECK(!complaint_find_in(folder, 0, complaint_fatal, &line));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EX_USAGE;
	values_are_measured_as_the_server_measures_them();
	addresses_cover_networks_unless_they_are_this_hosts_own();
	each_parameter_has_one_rule_per_role_and_major();
	a_new_cluster_gets_every_value();
	two_gigabytes_of_wal_are_kept_whatever_the_size_of_a_segment();
	the_five_settings_of_a_standby_are_raised_and_never_lowered();
	rules_never_lower_what_is_there();
	for_every_number_of_the_table_what_wins_is_never_less_than_before();
	slots_and_prepared_transactions_are_counted(argv[1]);
	only_what_the_server_says_itself_is_quoted(argv[1]);
	return unit_end();
}
