/*
 * hba.c - our rules in pg_hba.conf: places, blocks, and lines as each major reads them.
 */
#include "unit.h"

#include "postgresql/hba.h"

#include <errno.h>
#include <stdlib.h>

#define BEGIN "# BEGIN pgrepl (from its ini file; \"setup\" writes this block again)\n"
#define LAST  "# BEGIN pgrepl (always last: every other rule comes before)\n"
#define END   "# END pgrepl\n"
#define SELF  "hostssl replication \"replica\" samehost scram-sha-256\n"
#define NET   "hostssl replication \"replica\" 10.0.0.0/24 scram-sha-256\n"
#define ALL   "hostssl all         all 10.0.0.0/24 scram-sha-256\n"
#define ONE   "hostssl postgres    \"replica\" 10.0.0.0/24 scram-sha-256\n"
#define BOTH  BEGIN SELF NET END
#define OPEN  LAST ALL END
#define SHUT  LAST ONE END

static char *cidr = (char *)"10.0.0.0/24";
static const struct networks networks = { .cidr = &cidr, .count = 1 };
static const struct hba ours = { .user = "replica",
				 .method = "scram-sha-256",
				 .tls = true,
				 .self = HBA_SAMEHOST,
				 .networks = &networks };

/* As in a new cluster: where they are, else before the first rule for TCP. */
static char *merged(const char *content, const struct hba *hba, int major)
{
	HBA_AUTO file = { 0 };
	struct text text = { 0 };
	size_t before[2] = { 0 }, number = 0;
	struct hba as_is = *hba;
	int r = hba_scan(&file, content, major_find(major), &number);

	if (r < 0)
		return text_format("%s in line %zu",
				   r == -EINVAL    ? "no end"
				   : r == -EBADMSG ? "not ours"
						   : "?",
				   number);
	as_is.applications = hba->applications || hba_has_applications(&file);
	hba_keep_places(&file, hba, before);
	for (size_t i = 0; i < hba_targets(hba); i++)
		if (!before[i])
			before[i] = hba_first_host(&file);
	hba_merge(&file, &as_is, before, &text);
	return text.s;
}

static void replication_stands_before_the_first_rule_for_tcp_and_the_rest_at_the_end(void)
{
	static const struct {
		const char *before, *after;
	} files[] = {
		{ "", BOTH SHUT },
		{ "local all all peer\n", "local all all peer\n" BOTH SHUT },
		/* a last line without its newline keeps its meaning */
		{ "local all all peer", "local all all peer\n" BOTH SHUT },
		{ "local all all peer\nhost all all ::1/128 md5\n",
		  "local all all peer\n" BOTH "host all all ::1/128 md5\n" SHUT },
		{ "hostnossl all all all reject\r\n",
		  BOTH "hostnossl all all all reject\r\n" SHUT },
		{ " \t \"host\" all all all md5", BOTH " \t \"host\" all all all md5\n" SHUT },
		{ "# host is a word in this comment\nhostssl x y z t\n",
		  "# host is a word in this comment\n" BOTH "hostssl x y z t\n" SHUT },
		/* the block of an earlier version: its rule for everybody goes to the end */
		{ "host a a a a\n" BEGIN SELF ALL NET END "host b b b b\n",
		  "host a a a a\n" BOTH "host b b b b\n" OPEN },
		/* comments and empty lines in a block are not kept, other comments are */
		{ BEGIN "# old\n\n" NET "# END pgrepl and more\n# BEGIN pgreplica\n",
		  "# BEGIN pgreplica\n" BEGIN SELF END SHUT },
		/* what an administrator has added at the end comes before the last block */
		{ BOTH OPEN "host b b b b\n", BOTH "host b b b b\n" OPEN },
		/* rules written with another ini, or with CRLF, are still ours */
		{ "# BEGIN pgrepl\r\nhost    replication \"other\" samehost md5\r\n# END pgrepl\r\n",
		  BEGIN SELF END SHUT },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO once = merged(files[i].before, &ours, 12);
		STRING_AUTO twice = merged(once, &ours, 12);

		if (i == 8 || i == 10) {
			/* one rule was there, the other one is new */
			CHECK(strstr(once, SELF) && strstr(once, NET) && strstr(once, ONE));
			CHECK(!strstr(once, "old") && !strstr(once, "\"other\""));
		} else {
			EQUAL(once, files[i].after);
		}
		EQUAL(twice, once);
	}
}

static void each_rule_keeps_or_gets_its_own_place(void)
{
	static const char content[] = "local a a peer\nhost b b b md5\nhost c c c md5\n";
	TEXT_AUTO text = { 0 };
	HBA_AUTO file = { 0 };
	size_t number, before[2] = { 3, 2 };

	NUMBER(hba_scan(&file, content, major_find(12), &number), 0);
	hba_merge(&file, &ours, before, &text);
	EQUAL(text_str(&text), "local a a peer\n" BEGIN NET END
			       "host b b b md5\n" BEGIN SELF END "host c c c md5\n" SHUT);
	{
		STRING_AUTO again = merged(text_str(&text), &ours, 12);

		EQUAL(again, text_str(&text));
	}
	text_reset(&text);
	hba_describe(&file, &ours, before, &text);
	EQUAL(text_str(&text), "before line 2:\n" BEGIN NET END
			       "before line 3:\n" BEGIN SELF END "at the end:\n" SHUT);
}

static void a_rule_for_another_role_or_without_tls_has_no_place_yet(void)
{
	static const struct hba others[] = {
		{ .user = "replica2", .tls = true, .self = "a", .networks = &networks },
		{ .user = "replica", .tls = false, .self = "a", .networks = &networks },
	};
	HBA_AUTO file = { 0 };
	size_t number;

	NUMBER(hba_scan(&file, BOTH "host all all all reject\n", major_find(12), &number), 0);
	NUMBER(hba_place(&file, &ours, 0), 1);
	NUMBER(hba_place(&file, &ours, 1), 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		NUMBER(hba_place(&file, &others[i], 1), 0);
}

static void a_block_that_somebody_has_edited_is_refused(void)
{
	static const struct {
		const char *content, *said;
	} files[] = {
		{ "\n# BEGIN pgrepl\n" NET, "no end in line 2" },
		/* the end is a part of a comment that goes on */
		{ "# BEGIN pgrepl\n" NET "# END pgrepl \\\nx\n", "no end in line 1" },
		{ BEGIN "host all all all reject\n" END, "not ours in line 2" },
		{ BEGIN SELF
		  "hostssl replication \"replica\" 10.0.0.0/24 scram-sha-256 clientcert=1\n" END,
		  "not ours in line 3" },
		{ "# BEGIN pgrepl\n" SELF "x\n" BEGIN END, "no end in line 1" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO said = merged(files[i].content, &ours, 14);

		EQUAL(said, files[i].said);
	}
}

static void a_line_that_continues_is_one_line_from_14_on(void)
{
	static const char comment[] = "# off: \\\r\nhost all all all trust\n";
	static const char rule[] = "local all all \\\n\\\n peer\nhost all \\\n all all md5\n";
	static const char end[] = "local all all peer # \\\n";
	static const struct {
		int major;
		const char *before, *after;
	} files[] = {
		{ 12, comment, "# off: \\\r\n" BOTH "host all all all trust\n" SHUT },
		{ 13, comment, "# off: \\\r\n" BOTH "host all all all trust\n" SHUT },
		{ 14, comment, "# off: \\\r\nhost all all all trust\n" BOTH SHUT },
		{ 14, rule,
		  "local all all \\\n\\\n peer\n" BOTH "host all \\\n all all md5\n" SHUT },
		/* else our first line would be a part of that comment */
		{ 12, end, "local all all peer # \\\n" BOTH SHUT },
		{ 14, end, "local all all peer # \\\n\n" BOTH SHUT },
		{ 14, "# \\", "# \\\n\n" BOTH SHUT },
		/* nor is a block that a comment swallows ours */
		{ 14, "# \\\n" BEGIN "x", "# \\\n" BEGIN "x\n" BOTH SHUT },
		{ 14, "ho\\\nst a a a md5\n", BOTH "ho\\\nst a a a md5\n" SHUT },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO once = merged(files[i].before, &ours, files[i].major);
		STRING_AUTO twice = merged(once, &ours, files[i].major);

		EQUAL(once, files[i].after);
		EQUAL(twice, files[i].after);
	}
}

static void names_are_quoted(void)
{
	struct hba hba = ours;
	STRING_AUTO plain = NULL;

	hba.tls = false;
	hba.method = "md5";
	hba.user = "we\"ird, all";
	plain = merged("", &hba, 12);
	CHECK(strstr(plain, "host    replication \"we\"\"ird, all\" samehost md5\n"));
	CHECK(!strstr(plain, "hostssl"));
	{
		STRING_AUTO again = merged(plain, &hba, 12);

		EQUAL(again, plain);
	}
}

/* The view of the server shows "all" and all alike. */
static void lines_that_quote_a_keyword_are_known(void)
{
	static const char *const quoting[] = {
		"host \"replication\" a all md5\n",
		"host replication \"all\" all md5\n",
		"host a \"b\",\"al\"l all md5\n",
		"host a,  \"+g\" all md5\n",
		"host a b \"samehost\" md5\n",
		"host a \"a\\\nll\" all md5\n",
		/* there may be one in the list */
		"host a,@dbs b all md5\n",
	};
	static const char *const plain[] = { "host replication all all md5\n",
					     "host replicati\"on\" a\"ll\" all md5\n",
					     "host \"a\" \"\"\"all\" all md5\n",
					     "host a \"all , \" all md5\n",
					     "host \"@dbs\" a@b all md5\n",
					     "host a b all md5 # \"all\"\n" };

	for (size_t i = 0; i < sizeof(quoting) / sizeof(quoting[0]); i++) {
		HBA_AUTO file = { 0 };
		TEXT_AUTO text = { 0 };
		size_t number;

		NUMBER(hba_scan(&file, quoting[i], major_find(14), &number), 0);
		hba_add_numbers(&file, true, &text);
		EQUAL(text_str(&text), "{1}");
		text_reset(&text);
		hba_add_numbers(&file, false, &text);
		EQUAL(text_str(&text), "{}");
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		HBA_AUTO file = { 0 };
		TEXT_AUTO text = { 0 };
		size_t number;

		NUMBER(hba_scan(&file, plain[i], major_find(14), &number), 0);
		hba_add_numbers(&file, true, &text);
		EQUAL(text_str(&text), "{}");
	}
}

static void a_rule_of_an_included_file_is_found_where_it_is_included(void)
{
	static const char content[] =
		"local a a peer\ninclude b.conf\ninclude_if_exists ba.conf\n"
		"\"include_dir\" /etc/rules\nhost a a all md5\ninclude c\n"
		"include sub/c\ninclude d\n";
	HBA_AUTO file = { 0 };
	size_t number;

	NUMBER(hba_scan(&file, content, major_find(16), &number), 0);
	NUMBER(hba_include_of(&file, 1, 5, "/data/pg_hba.conf", "/data/b.conf"), 2);
	NUMBER(hba_include_of(&file, 1, 5, "/data/pg_hba.conf", "/data/ba.conf"), 3);
	NUMBER(hba_include_of(&file, 1, 5, "/data/pg_hba.conf", "/etc/rules/x.conf"), 4);
	/* nested: not before a rule that it does not include */
	NUMBER(hba_include_of(&file, 1, 5, "/data/pg_hba.conf", "/etc/other"), 4);
	NUMBER(hba_include_of(&file, 5, 0, "/data/pg_hba.conf", "/data/c"), 6);
	/* not where the name of another one ends in the same way */
	NUMBER(hba_include_of(&file, 5, 0, "/data/pg_hba.conf", "/data/sub/c"), 7);
	NUMBER(hba_include_of(&file, 5, 0, "/data/pg_hba.conf", "/data/other/c"), 8);
	NUMBER(hba_include_of(&file, 0, 2, "/data/pg_hba.conf", "/data/c"), 0);
}

/* --- any bytes --- */

static void add_random_piece(struct text *text, unsigned *seed)
{
	static const char *const pieces[] = { "\\",          "\\\n",  "\n",   "\r\n",
					      "\"",          "#",     ",",    " ",
					      "\t",          "host ", "all ", "@x",
					      "replication", BEGIN,   END,    LAST,
					      NET,           ALL,     "\xff", "\xc3\xa9" };
	char byte = (char)(1 + rand_r(seed) % 255);

	if (rand_r(seed) % 4)
		text_add(text,
			 pieces[(size_t)rand_r(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
	else
		text_add_bytes(text, &byte, 1);
}

/* Without our blocks, it is the content, and perhaps line feeds. */
static bool keeps(const char *content, const char *merged_content, int major)
{
	HBA_AUTO before = { 0 };
	HBA_AUTO after = { 0 };
	TEXT_AUTO kept = { 0 };
	TEXT_AUTO rest = { 0 };
	size_t number;

	if (hba_scan(&before, content, major_find(major), &number) < 0 ||
	    hba_scan(&after, merged_content, major_find(major), &number) < 0)
		return false;
	for (size_t i = 0; i < before.count; i++)
		if (!before.lines[i].block)
			text_add_bytes(&kept, before.lines[i].s, before.lines[i].len);
	for (size_t i = 0; i < after.count; i++)
		if (!after.lines[i].block)
			text_add_bytes(&rest, after.lines[i].s, after.lines[i].len);
	return text_starts_with(text_str(&rest), text_str(&kept)) &&
	       rest.len <= kept.len + 2 &&
	       strspn(text_str(&rest) + kept.len, "\n") == rest.len - kept.len;
}

static void any_bytes_are_kept_and_a_second_run_changes_nothing(void)
{
	int tried = 0;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned seed = round;
		int major = round % 2 ? 14 : 12, failures = unit_failures;
		TEXT_AUTO content = { 0 };
		STRING_AUTO once = NULL;
		STRING_AUTO twice = NULL;

		for (int n = rand_r(&seed) % 30; n >= 0; n--)
			add_random_piece(&content, &seed);
		once = merged(text_str(&content), &ours, major);
		if (text_starts_with(once, "no"))
			continue;
		tried++;
		twice = merged(once, &ours, major);
		EQUAL(twice, once);
		CHECK(keeps(text_str(&content), once, major));
		if (unit_failures > failures) {
			printf("round %u, major %d, content:\n%s\n", round, major,
			       text_str(&content));
			break;
		}
	}
	CHECK(tried > 5000);
}

int main(void)
{
	replication_stands_before_the_first_rule_for_tcp_and_the_rest_at_the_end();
	each_rule_keeps_or_gets_its_own_place();
	a_block_that_somebody_has_edited_is_refused();
	a_line_that_continues_is_one_line_from_14_on();
	names_are_quoted();
	a_rule_for_another_role_or_without_tls_has_no_place_yet();
	lines_that_quote_a_keyword_are_known();
	a_rule_of_an_included_file_is_found_where_it_is_included();
	any_bytes_are_kept_and_a_second_run_changes_nothing();
	return unit_end();
}
