/*
 * conf.c - what is written to PostgreSQL's files, and what is read from systemd.
 */
#include "unit.h"

#include "host/service.h"
#include "postgresql/db.h"
#include "postgresql/hba.h"
#include "postgresql/major.h"
#include "postgresql/passfile.h"
#include "postgresql/pgconf.h"
#include "settings/parameters.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK                                                                            \
	"# BEGIN pgrepl (from its ini file; \"setup\" writes this block again)\n"        \
	"hostssl replication \"replica\" samehost scram-sha-256\n"                       \
	"hostssl all         all 10.0.0.0/24 scram-sha-256\n"                            \
	"hostssl replication \"replica\" 10.0.0.0/24 scram-sha-256\n"                    \
	"# END pgrepl\n"

static char *merged(const char *content, const struct hba *hba)
{
	struct text text = { 0 };

	if (hba_merge(content, hba, &text) < 0) {
		text_free(&text);
		return text_copy("(refused)");
	}
	return text.s;
}

static void the_block_stands_before_the_first_host_line(void)
{
	char *network = (char *)"10.0.0.0/24";
	const struct networks networks = { .cidr = &network, .count = 1 };
	struct hba hba = { .user = "replica",
			   .method = "scram-sha-256",
			   .tls = true,
			   .networks = &networks };
	static const struct {
		const char *before, *after;
	} files[] = {
		{ "", BLOCK },
		{ "local all all peer\n", "local all all peer\n" BLOCK },
		/* a last line without its newline keeps its meaning */
		{ "local all all peer", "local all all peer\n" BLOCK },
		{ "local all all peer\nhost all all ::1/128 md5\n",
		  "local all all peer\n" BLOCK "host all all ::1/128 md5\n" },
		{ "hostnossl all all all reject\r\n",
		  BLOCK "hostnossl all all all reject\r\n" },
		{ " \t host all all all md5", BLOCK " \t host all all all md5" },
		{ "# host is a word in this comment\nhostssl x y z t\n",
		  "# host is a word in this comment\n" BLOCK "hostssl x y z t\n" },
		/* an existing block is replaced in its place, whatever is in it */
		{ "host a a a a\n# BEGIN pgrepl\nold\n# END pgrepl and more\nhost b b b b\n",
		  "host a a a a\n" BLOCK "host b b b b\n" },
		{ "# BEGIN pgrepl\nold\n# END pgrepl", BLOCK },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO once = merged(files[i].before, &hba);
		STRING_AUTO twice = merged(once, &hba);

		EQUAL(once, files[i].after);
		EQUAL(twice, files[i].after);
	}
	{
		STRING_AUTO open_ended = merged("# BEGIN pgrepl\nhost all all all trust\n",
						&hba);

		EQUAL(open_ended, "(refused)");
	}
	hba.tls = false;
	hba.method = "md5";
	hba.user = "we\"ird, all";
	{
		STRING_AUTO plain = merged("", &hba);

		CHECK(strstr(plain, "host    replication \"we\"\"ird, all\" samehost md5\n"));
		CHECK(!strstr(plain, "hostssl"));
	}
}

static void parameters_keep_their_order_and_their_last_value(void)
{
	struct pgconf conf = { 0 }, other = { 0 };
	TEXT_AUTO text = { 0 };
	const char *lines;

	pgconf_set(&conf, "port", "1");
	pgconf_set(&conf, "Work_Mem", "4MB");
	pgconf_setf(&conf, "PORT", "%d", 5432);
	pgconf_set(&other, "work_mem", "it's \\ 8MB");
	pgconf_set(&other, "auto_explain.log_min_duration", "1s");
	pgconf_merge(&conf, &other);
	NUMBER(conf.count, 3);
	EQUAL(pgconf_get(&conf, "port"), "5432");
	CHECK(!pgconf_get(&conf, "por"));
	pgconf_render(&conf, "primary", &text);
	lines = strstr(text_str(&text), "\n\n");
	EQUAL(lines ? lines + 2 : NULL, "port = '5432'\nWork_Mem = 'it''s \\\\ 8MB'\n"
					"auto_explain.log_min_duration = '1s'\n");
	pgconf_free(&conf);
	pgconf_free(&other);
	NUMBER(conf.count, 0);
}

static void names_of_parameters_have_a_form(void)
{
	static const char *const names[] = { "port", "Work_Mem", "a.b", "_x", "x9" };
	static const char *const none[] = { "",    "9x",  "a.", ".a",     "a.b.c",
					    "a b", "a-b", "a'", "port\n", "a.9" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(pgconf_is_name(names[i]));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!pgconf_is_name(none[i]));
}

static void our_file_is_included_once_and_last(void)
{
	static const char *const with[] = { "include 'pgrepl.conf'\n",
					    "a = 1\n  INCLUDE 'pgrepl.conf' # ours",
					    "include = 'pgrepl.conf'" };
	static const char *const without[] = { "",
					       "# include 'pgrepl.conf'\n",
					       "include 'other.conf'\n",
					       "include 'x'\n# pgrepl.conf'\n",
					       "include_dir 'pgrepl.conf'\n",
					       "include_if_exists 'pgrepl.conf'\n" };
	static const char *const contents[] = { "", "a = 1", "a = 1\n" };

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		CHECK(pgconf_has_include(with[i]));
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		CHECK(!pgconf_has_include(without[i]));
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		TEXT_AUTO text = { 0 };

		pgconf_add_include(contents[i], &text);
		CHECK(pgconf_has_include(text_str(&text)));
		CHECK(strncmp(text_str(&text), contents[i], strlen(contents[i])) == 0);
		CHECK(strstr(text_str(&text), "\ninclude 'pgrepl.conf'\n"));
	}
}

static void what_would_win_over_ours_is_stripped(void)
{
	static const char *const names[] = { "recovery_target", "primary_slot_name" };
	struct pgconf conf = { 0 };
	TEXT_AUTO text = { 0 };

	pgconf_set(&conf, "port", "1");
	pgconf_strip("# port = 9\nport = 2\n Port=3\nport 4\nports = 5\n\nwork_mem = 'port = 6'\n"
		     "RECOVERY_TARGET = 'immediate'\nrecovery_target_time = 'x'\nprimary_slot_name = 's'",
		     &conf, names, 2, &text);
	EQUAL(text_str(&text),
	      "# port = 9\nports = 5\n\nwork_mem = 'port = 6'\nrecovery_target_time = 'x'\n");
	pgconf_free(&conf);
}

static void majors_differ_in_one_table(void)
{
	CHECK(!major_find(11));
	CHECK(!major_find(9));
	EQUAL(major_find(12)->wal_keep_name, "wal_keep_segments");
	EQUAL(major_find(13)->wal_keep_name, "wal_keep_size");
	EQUAL(major_find(15)->wal_keep_name, "wal_keep_size");
}

static void the_five_settings_of_a_standby_are_raised_and_never_lowered(void)
{
	const long upstream[REPLICATION_RAISED] = { 2000, 8, 10, 5, 64 };
	struct settings settings = { .port = 5433 };
	struct pgconf conf = { 0 };

	pgconf_set(&settings.standby_settings, "max_wal_senders", "9");
	pgconf_set(&settings.standby_settings, "max_worker_processes", "16");
	pgconf_set(&settings.standby_settings, "max_locks_per_transaction", "many");
	parameters_of_standby(&conf, &settings, major_find(12), "host='x'", upstream);
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

/* libpq reads exactly what was put in. */
static void conninfo_is_read_by_libpq_as_it_was_meant(void)
{
	static const char *const values[] = {
		"plain", "",    "two words", "it's",     "back\\slash",
		"'",     "\\'", "=a b=",     " blanks ", "\xc3\xa9\xf0\x9f\x94\x91",
		"a\tb"
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		TEXT_AUTO text = { 0 };
		PQconninfoOption *options;
		char *error = NULL;

		db_add_conninfo(&text, "user", values[i]);
		db_add_conninfo(&text, "application_name", values[i]);
		options = PQconninfoParse(text_str(&text), &error);
		CHECK(options);
		for (PQconninfoOption *o = options; o && o->keyword; o++)
			if (strcmp(o->keyword, "user") == 0 ||
			    strcmp(o->keyword, "application_name") == 0)
				EQUAL(o->val, values[i]);
		PQconninfoFree(options);
		PQfreemem(error);
	}
}

static void identifiers_and_literals_are_quoted_without_a_server(void)
{
	TEXT_AUTO text = { 0 };

	db_add_identifier(&text, "we\"ird");
	text_add(&text, " ");
	db_add_literal(&text, "it's");
	text_add(&text, " ");
	db_add_literal(&text, "back\\slash");
	EQUAL(text_str(&text), "\"we\"\"ird\" 'it''s'  E'back\\\\slash'");
}

static void a_verifier_has_the_form_of_rfc_5803_and_a_salt_of_its_own(void)
{
	SECRET_AUTO password = { { 0 } };
	SECRET_AUTO one = { { 0 } };
	SECRET_AUTO two = { { 0 } };

	text_add(secret_text(&password), "secret");
	NUMBER(db_scram_verifier(&one, "replica", &password), 0);
	NUMBER(db_scram_verifier(&two, "replica", &password), 0);
	CHECK(text_starts_with(secret_reveal(&one), "SCRAM-SHA-256$4096:"));
	CHECK(!strstr(secret_reveal(&one), "secret"));
	CHECK(!secret_equal(&one, &two));
}

static void sqlstates_are_found_whatever_the_language(void)
{
	char state[6];

	db_sqlstate("connection to server at \"::1\", port 1 failed: FATAL:  28P01: password authentication failed\n",
		    state);
	EQUAL(state, "28P01");
	db_sqlstate("FATALE:  57P03: il sistema di database si sta avviando\nLOCATION:  x\n",
		    state);
	EQUAL(state, "57P03");
	db_sqlstate("could not connect to server: Connection refused\n", state);
	EQUAL(state, "");
	db_sqlstate("FATAL:  2801: no\n", state);
	EQUAL(state, "");
}

static void a_passfile_escapes_what_separates_its_fields(void)
{
	SECRET_AUTO password = { { 0 } };
	SECRET_AUTO line = { { 0 } };

	text_add(secret_text(&password), "p:a\\s s#word'\"");
	passfile_render(&line, "us:er\\", &password);
	EQUAL(secret_reveal(&line), "*:*:*:us\\:er\\\\:p\\:a\\\\s s#word'\"\n");
}

static void what_systemctl_shows_is_read(void)
{
	char output[] =
		"LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
		"Environment=A=1 PGDATA=/one \"B=two words\" 'PGDATA=/data of mine' C=3\n";
	char other[] = "LoadState=not-found\nActiveState=failed\nUnitFileState=\nEnvironment=";
	char missing[] = "";
	struct service_state state = { 0 };

	service_parse(output, &state);
	CHECK(state.loaded && state.active && state.enabled);
	EQUAL(state.pgdata, "/data of mine");
	service_parse(other, &state);
	CHECK(!state.loaded && !state.active && !state.enabled);
	EQUAL(state.pgdata, "");
	service_parse(missing, &state);
	CHECK(!state.loaded);
}

int main(void)
{
	the_block_stands_before_the_first_host_line();
	parameters_keep_their_order_and_their_last_value();
	names_of_parameters_have_a_form();
	our_file_is_included_once_and_last();
	what_would_win_over_ours_is_stripped();
	majors_differ_in_one_table();
	the_five_settings_of_a_standby_are_raised_and_never_lowered();
	conninfo_is_read_by_libpq_as_it_was_meant();
	identifiers_and_literals_are_quoted_without_a_server();
	a_verifier_has_the_form_of_rfc_5803_and_a_salt_of_its_own();
	sqlstates_are_found_whatever_the_language();
	a_passfile_escapes_what_separates_its_fields();
	what_systemctl_shows_is_read();
	return unit_end();
}
