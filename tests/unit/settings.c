/*
 * settings.c - reading PostgreSQL's configuration, comparing values, what a cluster holds, and what
 * its log says.
 */
#include "unit.h"

#include "base/complaint.h"
#include "base/file.h"
#include "postgresql/conf_lines.h"
#include "postgresql/guc.h"
#include "postgresql/holdings.h"
#include "postgresql/listen.h"

#include <sysexits.h>

static void put(const char *folder, const char *name, const char *content)
{
	STRING_AUTO path = text_format("%s/%s", folder, name);

	CHECK(file_replace(path, 0600, content, strlen(content)) >= 0);
}

/* --- lines --- */

static void lines_are_read_as_the_server_reads_them(const char *folder)
{
	static const struct {
		const char *line, *name, *value; /* NULL: it sets nothing */
	} cases[] = {
		{ "a = 1", "a", "1" },
		{ "a 1", "a", "1" },
		{ "  A\t=\t1 # c", "A", "1" },
		{ "a=1#c", "a", "1" },
		{ "a = 1\r", "a", "1" },
		{ "a = 'x y' # c", "a", "x y" },
		{ "a='it''s \\'\\\\ \\x \\101\\7\\n'", "a", "it's '\\ x A\a\n" },
		{ "a = ''", "a", "" },
		{ "a'x'", "a", "x" },
		{ "s.a = on", "s.a", "on" },
		{ "# a = 1", NULL, NULL },
		{ "", NULL, NULL },
		{ " \t\r", NULL, NULL },
		{ "a", NULL, NULL },
		{ "a =", NULL, NULL },
		{ "= 1", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		STRING_AUTO path = text_format("%s/postgresql.conf", folder);
		CONF_LINES_AUTO lines = { 0 };
		FAULT_AUTO fault = { 0 };

		put(folder, "postgresql.conf", cases[i].line);
		CHECK(conf_lines_read(&lines, path, folder, &fault) == 0);
		NUMBER(lines.count, cases[i].name ? 1 : 0);
		if (lines.count && cases[i].name) {
			EQUAL(lines.items[0].name, cases[i].name);
			EQUAL(lines.items[0].value, cases[i].value);
		}
	}
}

static void includes_count_where_they_are_and_the_last_line_wins(const char *folder)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", folder);
	STRING_AUTO sub = text_format("%s/conf.d", folder);
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO origin = { 0 };

	CHECK(mkdir(sub, 0700) == 0);
	put(folder, "postgresql.conf",
	    "a = 1\nInclude_Dir = 'conf.d'\nb = 1\ninclude 'more'\ninclude_if_exists 'none'\n"
	    "include 'pgrepl.conf'\n");
	put(sub, "2.conf", "a = 22\n");
	put(sub, "10.conf", "a = 10\nb = 10\n");
	put(sub, ".hidden.conf", "a = hidden\n");
	put(sub, "other", "a = other\n");
	put(folder, "more", "\nc = 3\ninclude 'conf.d/10.conf'\n");
	put(folder, "pgrepl.conf", "B = ours\nd = ours\n");
	put(folder, "postgresql.auto.conf", "c = 'automatic'\n");
	CHECK(conf_lines_read(&lines, path, folder, &fault) == 0);
	EQUAL(conf_lines_find(&lines, "a")->value, "10");
	EQUAL(conf_lines_find(&lines, "b")->value, "ours");
	CHECK(conf_lines_find(&lines, "b")->origin == CONF_OURS);
	EQUAL(conf_lines_find_others(&lines, "b")->value, "10");
	conf_line_add_origin(&origin, conf_lines_find_others(&lines, "b"));
	EQUAL(text_str(&origin), "conf.d/10.conf:2");
	CHECK(!conf_lines_find_others(&lines, "d"));
	CHECK(!conf_lines_find(&lines, "e"));
	EQUAL(conf_lines_find(&lines, "C")->value, "automatic");
	CHECK(conf_line_is_beyond(conf_lines_find(&lines, "c")));
	CHECK(!conf_line_is_beyond(conf_lines_find(&lines, "b")));
}

/* The server refuses it, but may be running. */
static void a_file_that_includes_itself_is_not_read_for_ever(const char *folder)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", folder);
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO content = { 0 };

	for (int i = 0; i < 20; i++)
		text_add(&content, "include 'postgresql.conf'\n");
	put(folder, "postgresql.conf", text_str(&content));
	CHECK(conf_lines_read(&lines, path, folder, &fault) < 0);
	NUMBER(fault.class, FAULT_OPERATOR);
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

	CHECK(!complaint_find("LOG:  starting\nERROR:  no\n", &line));
	CHECK(complaint_find("1 FATAL:  the first\n2 FATAL:  the\tsecond\x1b[1m\nLOG:  x\n"
			     "FATAL:  terminating connection due to administrator command\n"
			     "FATAL:  the database system is shutting down",
			     &line));
	EQUAL(text_str(&line), "FATAL:  the?second?[1m");
	put(folder, "log", "x FATAL:  old\nx PANIC:  new\n");
	CHECK(complaint_find_in(path, 0, &line));
	EQUAL(text_str(&line), "PANIC:  new");
	CHECK(complaint_find_in(path, 14, &line));
	CHECK(!complaint_find_in(path, 28, &line));
	/* truncated since */
	CHECK(complaint_find_in(path, 1000, &line));
	CHECK(!complaint_find_in(link, 0, &line));
	CHECK(!complaint_find_in(folder, 0, &line));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EX_USAGE;
	lines_are_read_as_the_server_reads_them(argv[1]);
	includes_count_where_they_are_and_the_last_line_wins(argv[1]);
	a_file_that_includes_itself_is_not_read_for_ever(argv[1]);
	values_are_measured_as_the_server_measures_them();
	addresses_cover_networks_unless_they_are_this_hosts_own();
	slots_and_prepared_transactions_are_counted(argv[1]);
	only_what_the_server_says_itself_is_quoted(argv[1]);
	return unit_end();
}
