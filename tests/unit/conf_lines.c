/*
 * conf_lines.c - the grammar of postgresql.conf, the files that it includes, and which line wins.
 */
#include "postgresql/conf_lines.h"

#include "base/file.h"
#include "postgresql/pgconf.h"
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- lines --- */

static void parses_as(const char *line, const char *name, const char *value)
{
	TEXT_AUTO seen_name = { 0 };
	TEXT_AUTO seen_value = { 0 };

	CHECK(pgconf_parse(line, &seen_name, &seen_value));
	EQUAL(text_str(&seen_name), name);
	EQUAL(text_str(&seen_value), value);
}

/* Every name with every separator, value, comment and end of the line. */
static void every_combination_of_the_grammar_is_read(void)
{
	static const struct {
		const char *written, *meant;
	} names[] = {
		{ "a", "a" },           { "Work_Mem", "Work_Mem" },   { " \tport", "port" },
		{ "ext.name", "ext.name" }, { "\r_x9", "_x9" },       { "\xc3\xa4", "\xc3\xa4" },
		{ "include", "include" },
	}, values[] = {
		{ "1", "1" },
		{ "1MB", "1MB" },
		{ "-0.5", "-0.5" },
		{ "pg_log/a:b", "pg_log/a:b" },
		{ "''", "" },
		{ "'x y # z = 1'", "x y # z = 1" },
		{ "'it''s'", "it's" },
		{ "'\\'\\\\ \\x'", "'\\ x" },
		{ "'\\101\\7\\60z\\0601'", "A\a0z01" },
		{ "'\\b\\f\\n\\r\\t'", "\b\f\n\r\t" },
		{ "''''", "'" },
	};
	static const char *const between[] = { "=", " = ", "\t", " =", "= ", " \r\t= \r" };
	static const char *const after[] = { "", " ", "#", " # it's", "\t#= 'x" };
	static const char *const ends[] = { "", "\n", "\r\n", "\nnext = 'y'\n", "\r" };

	for (size_t n = 0; n < COUNT(names); n++)
		for (size_t b = 0; b < COUNT(between); b++)
			for (size_t v = 0; v < COUNT(values); v++)
				for (size_t i = 0; i < COUNT(after) * COUNT(ends); i++) {
					STRING_AUTO line =
						text_format("%s%s%s%s%s", names[n].written,
							    between[b], values[v].written,
							    after[i / COUNT(ends)],
							    ends[i % COUNT(ends)]);

					parses_as(line, names[n].meant, values[v].meant);
				}
	parses_as("a'x'", "a", "x");
}

static void a_line_that_sets_nothing_is_none(void)
{
	static const char *const lines[] = {
		"",
		"\n",
		" \t\r",
		"# a = 1",
		"a",
		"a =",
		"= 1",
		"a =\nb = 1",
		"a = # 1",
		"a = 'open",
		"a = 'open\n'",
		"a = 'open\\",
		"a = 'x\\\n'",
		"a = 'open''",
		"'a' = 1",
		"a\n= 1",
		"#",
		"a = '",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		TEXT_AUTO name = { 0 };
		TEXT_AUTO value = { 0 };

		CHECK(!pgconf_parse(lines[i], &name, &value));
	}
}

/* --- files --- */

static void put(const char *folder, const char *name, const char *content)
{
	STRING_AUTO path = text_format("%s/%s", folder, name);

	CHECK(file_replace(path, 0600, content, strlen(content)) >= 0);
}

/* All lines, as "file:number name=value ". */
static void reads(const char *folder, const char *expected)
{
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO seen = { 0 };

	NUMBER(conf_lines_read(&lines, CONF_MAIN_FILE, folder, &fault), 0);
	for (size_t i = 0; i < lines.count; i++) {
		conf_line_add_origin(&seen, &lines.items[i]);
		text_addf(&seen, " %s=%s ", lines.items[i].name, lines.items[i].value);
	}
	EQUAL(text_str(&seen), expected);
}

static void includes_count_where_they_are_and_the_last_line_wins(const char *folder)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", folder);
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };

	put(folder, "postgresql.conf",
	    "a = 1\nInclude_Dir = 'conf.d'\nb = 1\ninclude 'more'\ninclude_if_exists 'none'\n"
	    "include 'pgrepl.conf'");
	put(folder, "conf.d/2.conf", "a = 22\n");
	put(folder, "conf.d/10.conf", "a = 10\r\nb = 10");
	put(folder, "conf.d/.hidden.conf", "a = hidden\n");
	put(folder, "conf.d/.conf", "a = hidden\n");
	put(folder, "conf.d/other", "a = other\n");
	put(folder, "conf.d/upper.CONF", "a = other\n");
	put(folder, "more", "\nc = 3\ninclude 'conf.d/10.conf'\n");
	put(folder, "pgrepl.conf", "B = ours\nd = ours\n");
	put(folder, "postgresql.auto.conf", "c = 'automatic'\n");
	reads(folder, "postgresql.conf:1 a=1 conf.d/10.conf:1 a=10 conf.d/10.conf:2 b=10 "
		      "conf.d/2.conf:1 a=22 postgresql.conf:3 b=1 more:2 c=3 "
		      "conf.d/10.conf:1 a=10 conf.d/10.conf:2 b=10 pgrepl.conf:1 b=ours "
		      "pgrepl.conf:2 d=ours postgresql.auto.conf:1 c=automatic ");
	CHECK(conf_lines_read(&lines, path, folder, &fault) == 0);
	EQUAL(conf_lines_find(&lines, "a")->value, "10");
	CHECK(conf_lines_find(&lines, "b")->origin == CONF_OURS);
	EQUAL(conf_lines_find_others(&lines, "b")->value, "10");
	CHECK(!conf_lines_find_others(&lines, "d"));
	CHECK(!conf_lines_find(&lines, "e"));
	EQUAL(conf_lines_find(&lines, "C")->value, "automatic");
	CHECK(conf_line_is_beyond(conf_lines_find(&lines, "c")));
	CHECK(!conf_line_is_beyond(conf_lines_find(&lines, "b")));
}

static int note(void *arg, const char *path)
{
	text_addf(arg, "%s ", path);
	return 0;
}

static int stop(void *arg, const char *path)
{
	(void)arg, (void)path;
	return -EIO;
}

static void visits(const char *folder, const char *expected)
{
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO seen = { 0 };

	NUMBER(conf_lines_walk(&lines, CONF_MAIN_FILE, folder, note, &seen, &fault), 0);
	EQUAL(text_str(&seen), expected);
	NUMBER(conf_lines_walk(&lines, CONF_MAIN_FILE, folder, stop, NULL, &fault), -EIO);
}

/* What is no file, or cannot be read, is left to the server; nothing is waited for. */
static void what_is_included_is_visited(const char *folder)
{
	STRING_AUTO fifo = text_format("%s/fifo", folder);
	STRING_AUTO nested = text_format("%s/conf.d/folder.conf", folder);
	STRING_AUTO conf =
		text_format("include 'a'\nInclude_If_Exists missing\ninclude_dir = 'conf.d'\n"
			    "include 'fifo'\ninclude '/dev/null'\ninclude '../outside'\n"
			    "#include 'not'\ninclude '%s/a'\ninclude_dir 'missing'\n",
			    folder);
	STRING_AUTO expected =
		text_format("postgresql.conf a missing conf.d/ conf.d/10.conf conf.d/b conf.d/2.conf fifo /dev/null %s/../outside a missing/ postgresql.auto.conf ",
			    folder);

	CHECK(mkfifo(fifo, 0600) == 0 && mkdir(nested, 0700) == 0);
	put(folder, "postgresql.conf", conf);
	put(folder, "a", "a = 1\n");
	put(folder, "conf.d/10.conf", "include 'b'\n");
	put(folder, "conf.d/b", "b = 1\n");
	visits(folder, expected);
}

static void is_refused(const char *folder, const char *content, size_t len)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", folder);
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };

	CHECK(file_replace(path, 0600, content, len) >= 0);
	CHECK(conf_lines_read(&lines, CONF_MAIN_FILE, folder, &fault) < 0);
	NUMBER(fault.class, FAULT_OPERATOR);
}

/* The server refuses it, but may be running: not for ever, and not exponentially much. */
static void what_is_read_is_limited(const char *folder)
{
	static const char loop[] = "include 'postgresql.conf'\ninclude 'postgresql.conf'\n";
	static const char binary[] = "a = 1\n\0b = 1\n";
	TEXT_AUTO many = { 0 };
	TEXT_AUTO large = { 0 };

	put(folder, "postgresql.auto.conf", "");
	put(folder, "postgresql.conf", "include 'postgresql.conf'\na = 1");
	reads(folder, "postgresql.conf:2 a=1 postgresql.conf:2 a=1 postgresql.conf:2 a=1 "
		      "postgresql.conf:2 a=1 postgresql.conf:2 a=1 postgresql.conf:2 a=1 "
		      "postgresql.conf:2 a=1 postgresql.conf:2 a=1 postgresql.conf:2 a=1 "
		      "postgresql.conf:2 a=1 postgresql.conf:2 a=1 ");
	is_refused(folder, loop, strlen(loop));
	for (int i = 0; i < 20001; i++)
		text_add(&many, "a = 1\n");
	is_refused(folder, text_str(&many), many.len);
	for (int i = 0; i < 20; i++)
		text_add(&large, "include 'large'\n");
	text_reset(&many);
	for (int i = 0; i < 100 * 1000; i++)
		text_add(&many, "# nothing is set here\n");
	put(folder, "large", text_str(&many));
	is_refused(folder, text_str(&large), large.len);
	is_refused(folder, binary, sizeof(binary) - 1);
}

int main(int argc, char **argv)
{
	every_combination_of_the_grammar_is_read();
	a_line_that_sets_nothing_is_none();
	if (argc == 2) {
		STRING_AUTO sub = text_format("%s/conf.d", argv[1]);

		CHECK(mkdir(sub, 0700) == 0);
		includes_count_where_they_are_and_the_last_line_wins(argv[1]);
		what_is_included_is_visited(argv[1]);
		what_is_read_is_limited(argv[1]);
	}
	return unit_end();
}
