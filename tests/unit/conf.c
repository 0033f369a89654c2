/*
 * conf.c - what is written to PostgreSQL's files, and what is read from systemd.
 */
#include "unit.h"

#include "postgresql/basebackup.h"
#include "postgresql/db.h"
#include "postgresql/major.h"
#include "postgresql/passfile.h"
#include "postgresql/pgconf.h"

#include <stdlib.h>

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
		TEXT_AUTO before = { 0 };

		pgconf_add_include(contents[i], &text);
		CHECK(pgconf_has_include(text_str(&text)));
		CHECK(strncmp(text_str(&text), contents[i], strlen(contents[i])) == 0);
		CHECK(strstr(text_str(&text), "\ninclude 'pgrepl.conf'\n"));
		pgconf_remove_include(text_str(&text), &before);
		CHECK(!strstr(text_str(&before), "pgrepl"));
		/* a missing line feed at the end is not missed */
		CHECK(strncmp(text_str(&before), contents[i], strlen(contents[i])) == 0);
		CHECK(before.len <= strlen(contents[i]) + 1);
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
	CHECK(!major_find(12)->log_min_duration_sample);
	CHECK(major_find(13)->log_min_duration_sample);
	CHECK(!major_find(13)->hba_continued && major_find(14)->hba_continued);
	CHECK(!major_find(15)->hba_includes && major_find(16)->hba_includes);
	CHECK(!strchr(major_find(14)->base_backup, '('));
	CHECK(strchr(major_find(15)->base_backup, '('));
	CHECK(major_find(18) == major_find(16));
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

/* As versions 12 to 15 print them. */
static void complaints_of_pg_basebackup_say_on_which_host(void)
{
	static const struct {
		const char *complaint;
		enum fault_class class;
		const char *message, *hint;
	} all[] = {
		{ "pg_basebackup: error: could not get COPY data stream: ERROR:  could not open file \"./x\": Permission denied",
		  FAULT_OPERATOR,
		  "the primary p:1 reported: could not open file \"./x\": Permission denied",
		  "It is on the primary" },
		{ "pg_basebackup: error: could not read COPY data: ERROR:  could not open directory \"./y\": Permission denied",
		  FAULT_OPERATOR,
		  "the primary p:1 reported: could not open directory \"./y\": Permission denied",
		  "It is on the primary" },
		{ "pg_basebackup: error: could not initiate base backup: ERROR:  could not write file \"backup_label\": No space left on device",
		  FAULT_OPERATOR, NULL, "It is on the primary" },
		{ "pg_basebackup: error: backup failed: ERROR:  could not read file \"base/1/2\": Input/output error",
		  FAULT_OPERATOR, NULL, "It is on the primary" },
		{ "pg_basebackup: error: could not create directory \"/d/base\": Permission denied",
		  FAULT_OPERATOR,
		  "pg_basebackup: error: could not create directory \"/d/base\": Permission denied",
		  "It is on this host" },
		{ "pg_basebackup: error: could not write to file \"/d/base/1/2\": No space left on device",
		  FAULT_OPERATOR, NULL, "It is on this host" },
		{ "pg_basebackup: error: could not create file \"/d/x\": Read-only file system",
		  FAULT_OPERATOR, NULL, "It is on this host" },
		{ "pg_basebackup: error: checksum error occurred", FAULT_OPERATOR, NULL,
		  "Pages on the primary" },
		{ "pg_basebackup: error: incompatible server version 16.1",
		  FAULT_OPERATOR, NULL, "Install PostgreSQL" },
		{ "pg_basebackup: error: connection to server at \"p\", port 1 failed: FATAL:  the database system is starting up",
		  FAULT_RETRY, NULL, "" },
		{ "pg_basebackup: error: could not receive data from WAL stream: server closed the connection unexpectedly",
		  FAULT_RETRY, NULL, "" },
		{ "", FAULT_RETRY, "pg_basebackup failed without saying why", "" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		FAULT_AUTO fault = { 0 };

		basebackup_fault(all[i].complaint, "p:1", &fault);
		NUMBER(fault.class, all[i].class);
		if (all[i].message)
			EQUAL(text_str(&fault.message), all[i].message);
		CHECK(text_starts_with(text_str(&fault.hint), all[i].hint));
		CHECK(!fault.hint.len == !*all[i].hint);
	}
}

static void a_passfile_escapes_what_separates_its_fields(void)
{
	SECRET_AUTO password = { { 0 } };
	SECRET_AUTO line = { { 0 } };

	text_add(secret_text(&password), "p:a\\s s#word'\"");
	passfile_render(&line, "us:er\\", &password);
	EQUAL(secret_reveal(&line), "*:*:*:us\\:er\\\\:p\\:a\\\\s s#word'\"\n");
}

int main(void)
{
	parameters_keep_their_order_and_their_last_value();
	names_of_parameters_have_a_form();
	our_file_is_included_once_and_last();
	what_would_win_over_ours_is_stripped();
	majors_differ_in_one_table();
	conninfo_is_read_by_libpq_as_it_was_meant();
	identifiers_and_literals_are_quoted_without_a_server();
	a_verifier_has_the_form_of_rfc_5803_and_a_salt_of_its_own();
	sqlstates_are_found_whatever_the_language();
	complaints_of_pg_basebackup_say_on_which_host();
	a_passfile_escapes_what_separates_its_fields();
	return unit_end();
}
