/*
 * conftree.c - lines of postgresql.conf, and the files that it includes.
 */
#include "postgresql/conftree.h"

#include "base/file.h"
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

static void a_line_is_read_as_the_server_reads_it(void)
{
	static const struct {
		const char *line, *name, *value; /* name NULL: it sets nothing */
	} lines[] = {
		{ "work_mem = 1MB", "work_mem", "1MB" },
		{ "Work_Mem 1MB # four\n", "work_mem", "1MB" },
		{ " \t port=5433\r\nnext = 1", "port", "5433" },
		{ "restore_command = 'cp ''%p'' \\'x\\' # y' # z", "restore_command",
		  "cp '%p' 'x' # y" },
		{ "a = '\\061\\n\\q\\\\'", "a", "1\nq\\" },
		{ "ext.name = on", "ext.name", "on" },
		{ "a=''", "a", "" },
		{ "include 'x.conf'", "include", "x.conf" },
		{ "# a = 1", NULL, "" },
		{ "", NULL, "" },
		{ "\n", NULL, "" },
		{ "a", NULL, "" },
		{ "a =\nb = 1", NULL, "" },
		{ "a = # 1", NULL, "" },
		{ "a = 'open\n'", NULL, "" },
		{ "a = 'open", NULL, "" },
		{ "a = 'open\\", NULL, "" },
		{ "= 1", NULL, "" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char name[CONFTREE_NAME_MAX];
		TEXT_AUTO value = { 0 };
		bool sets = conftree_parse(lines[i].line, name, &value);

		CHECK(sets == (lines[i].name != NULL));
		if (sets && lines[i].name)
			EQUAL(name, lines[i].name);
		EQUAL(text_str(&value), lines[i].value);
	}
}

static void a_name_that_is_too_long_is_none(void)
{
	char line[CONFTREE_NAME_MAX + 8], name[CONFTREE_NAME_MAX];
	TEXT_AUTO value = { 0 };

	for (size_t len = CONFTREE_NAME_MAX - 2; len < CONFTREE_NAME_MAX + 2; len++) {
		memset(line, 'a', len);
		memcpy(line + len, " = 1", 5);
		CHECK(conftree_parse(line, name, &value) == (len < CONFTREE_NAME_MAX));
	}
}

static void put(const char *folder, const char *name, const char *content)
{
	STRING_AUTO path = text_format("%s/%s", folder, name);

	CHECK(file_replace(path, 0600, content, strlen(content)) >= 0);
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

static void included_files_are_visited(const char *folder)
{
	STRING_AUTO sub = text_format("%s/conf.d", folder);
	STRING_AUTO fifo = text_format("%s/fifo", folder);
	STRING_AUTO outside = text_format("%s/../outside.conf", folder);
	STRING_AUTO expected = NULL;
	TEXT_AUTO seen = { 0 };

	CHECK(mkdir(sub, 0700) == 0 && mkfifo(fifo, 0600) == 0);
	put(folder, "postgresql.conf",
	    "include 'a.conf'\nInclude_If_Exists missing.conf\ninclude_dir = 'conf.d'\n"
	    "include 'fifo'\ninclude '/dev/null'\ninclude '../outside.conf'\n"
	    "#include 'not.conf'\ninclude 'pgrepl.conf'\n");
	put(folder, "a.conf", "a = 1\n");
	put(folder, "conf.d/b.conf", "include 'c'\n");
	put(folder, "conf.d/c", "include_dir ''");
	put(folder, "conf.d/.d.conf", "include 'never'\n");
	put(folder, "pgrepl.conf", "include 'never'\n");
	NUMBER(conftree_walk(folder, note, &seen), 0);
	expected = text_format("postgresql.conf a.conf missing.conf conf.d/ conf.d/b.conf conf.d/c fifo /dev/null %s ",
			       outside);
	EQUAL(text_str(&seen), expected);
	NUMBER(conftree_walk(folder, stop, NULL), -EIO);
}

/* Not for ever, and not exponentially many. */
static void files_that_include_each_other_end(const char *folder)
{
	TEXT_AUTO seen = { 0 };

	put(folder, "postgresql.conf", "include 'postgresql.conf'\n");
	NUMBER(conftree_walk(folder, note, &seen), 0);
	put(folder, "postgresql.conf",
	    "include 'postgresql.conf'\ninclude 'postgresql.conf'\n");
	NUMBER(conftree_walk(folder, note, &seen), -E2BIG);
}

int main(int argc, char **argv)
{
	a_line_is_read_as_the_server_reads_it();
	a_name_that_is_too_long_is_none();
	if (argc == 2) {
		included_files_are_visited(argv[1]);
		files_that_include_each_other_end(argv[1]);
	}
	return unit_end();
}
