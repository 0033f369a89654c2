/*
 * inherited.c - the table of what a clone inherits: whether each row is complete, and what
 * becomes of a value.
 *
 *   inherited         checks it
 *   inherited list    prints NAME FIRST LAST RULE DEFAULT, for tests/pair/inherited.bats
 */
#include "base/file.h"
#include "settings/inherited.h"
#include "settings/parameters.h"
#include "unit.h"

#include <unistd.h>

static const char *const rules[] = {
	[INHERITED_KEPT] = "kept",       [INHERITED_OURS] = "ours",
	[INHERITED_TRIED] = "tried",     [INHERITED_NEUTRALISED] = "neutralised",
	[INHERITED_REFUSED] = "refused",
};

static void every_row_is_whole(void)
{
	for (size_t i = 0; i < inherited_parameters_count; i++) {
		const struct inherited *row = &inherited_parameters[i];

		CHECK(pgconf_is_name(row->name));
		CHECK(!row->last || row->first <= row->last);
		CHECK(row->unless == UNLESS_NOTHING || row->rule == INHERITED_NEUTRALISED);
		CHECK((row->rule == INHERITED_REFUSED) == (row->why != NULL));
		CHECK(row->rule != INHERITED_REFUSED || row->neutral);
		/* no second row of that name */
		CHECK(inherited_find(row->name) == row);
	}
}

/* "ours" means that a standby's settings always have it. */
static void what_is_ours_is_set(void)
{
	static const long raised[REPLICATION_RAISED];
	struct settings settings = { .tls = true };

	for (int number = 12; number <= 18; number++) {
		struct pgconf conf = { 0 };
		const struct parameters_asked asked = {
			.settings = &settings,
			.role = SETTINGS_STANDBY,
			.major = number,
			.wal_segment_bytes = 16L << 20,
			.primary_conninfo = "",
			.raised = raised,
		};

		parameters_decide(&conf, &asked);
		for (size_t i = 0; i < inherited_parameters_count; i++) {
			const struct inherited *row = &inherited_parameters[i];
			bool exists = row->first <= number &&
				      (!row->last || number <= row->last);
			const char *value = pgconf_get(&conf, row->name);

			if (row->rule == INHERITED_OURS)
				NUMBER(value != NULL, exists);
			else if (value)
				EQUAL(value, row->neutral);
		}
		pgconf_free(&conf);
	}
}

static enum inherited_rule judge(const char *name, const char *value, const char *directory)
{
	const struct inherited *row = inherited_find(name);

	CHECK(row != NULL);
	return row ? inherited_judge(row, value, directory) : INHERITED_KEPT;
}

static void a_value_is_judged(const char *folder)
{
	STRING_AUTO file = text_format("%s/root.crt", folder);
	STRING_AUTO two = text_format("%s, /tmp", folder);

	CHECK(file_replace(file, 0600, "", 0) >= 0);
	NUMBER(judge("Restore_Command", "cp x", folder), INHERITED_NEUTRALISED);
	NUMBER(judge("restore_command", "", folder), INHERITED_KEPT);
	NUMBER(judge("archive_mode", "Off", folder), INHERITED_KEPT);
	NUMBER(judge("log_directory", "pg_log", folder), INHERITED_KEPT);
	NUMBER(judge("log_directory", "/srv/log", folder), INHERITED_NEUTRALISED);
	NUMBER(judge("log_directory", "../log", folder), INHERITED_NEUTRALISED);
	NUMBER(judge("ssl_ca_file", "root.crt", folder), INHERITED_KEPT);
	NUMBER(judge("ssl_ca_file", "missing.crt", folder), INHERITED_NEUTRALISED);
	NUMBER(judge("ssl_ca_file", file, folder), INHERITED_NEUTRALISED);
	NUMBER(judge("lc_messages", "C", folder), INHERITED_KEPT);
	NUMBER(judge("lc_messages", "xx_YY.UTF-8", folder), INHERITED_NEUTRALISED);
	NUMBER(judge("unix_socket_directories", two, folder), INHERITED_KEPT);
	NUMBER(judge("unix_socket_directories", "/tmp, /nowhere", folder),
	       INHERITED_NEUTRALISED);
	NUMBER(judge("zero_damaged_pages", "on", folder), INHERITED_REFUSED);
	NUMBER(judge("zero_damaged_pages", "off", folder), INHERITED_KEPT);
	CHECK(unlink(file) == 0);
}

/* As the server's parse_bool(): any beginning of a word that says which one it is. */
static void a_switch_is_read_as_the_server_reads_it(void)
{
	static const char *const words[] = { "false", "no",  "off", "0",
					     "true",  "yes", "on",  "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (size_t len = 1; len <= strlen(words[i]); len++) {
			STRING_AUTO value = text_format("%.*s", (int)len, words[i]);
			bool off = i < 4 && !text_equal(value, "o");

			NUMBER(judge("zero_damaged_pages", value, ""),
			       off ? INHERITED_KEPT : INHERITED_REFUSED);
			value[0] &= (char)(value[0] >= 'a' ? ~0x20 : ~0);
			NUMBER(judge("zero_damaged_pages", value, ""),
			       off ? INHERITED_KEPT : INHERITED_REFUSED);
		}
	}
	NUMBER(judge("recovery_target_inclusive", "YES", ""), INHERITED_KEPT);
	NUMBER(judge("recovery_target_inclusive", "f", ""), INHERITED_NEUTRALISED);
	NUMBER(judge("archive_mode", "always", ""), INHERITED_NEUTRALISED);
	NUMBER(judge("recovery_min_apply_delay", "1", ""), INHERITED_NEUTRALISED);
	NUMBER(judge("recovery_min_apply_delay", "0", ""), INHERITED_KEPT);
}

static void list(void)
{
	for (size_t i = 0; i < inherited_parameters_count; i++) {
		const struct inherited *row = &inherited_parameters[i];

		printf("%s %d %d %s %s\n", row->name, row->first ? row->first : 12,
		       row->last ? row->last : 99, rules[row->rule],
		       row->neutral ? row->neutral : "-");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		list();
		return fflush(stdout) == 0 ? 0 : 1;
	}
	every_row_is_whole();
	what_is_ours_is_set();
	a_switch_is_read_as_the_server_reads_it();
	if (argc == 2)
		a_value_is_judged(argv[1]);
	return unit_end();
}
