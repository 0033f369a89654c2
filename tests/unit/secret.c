/*
 * secret.c - secrets leave no copies: searches this program's memory after it has used some.
 * Works in the directory that is its argument.
 *
 * The password itself is nowhere in this program, which keeps it with some of its bits flipped and
 * searches for that. It searches for the second half only: free(3) overwrites the start of a block.
 */
#include "unit.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/secret_file.h"
#include "base/spawn.h"
#include "postgresql/db.h"
#include "postgresql/passfile.h"
#include "postgresql/replication.h"
#include "settings/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH = 64, NEEDLE = LENGTH / 2 };

/* Volatile, so that the compiler cannot flip them back in advance. */
static volatile unsigned char flip = 0xa5;
static unsigned char flipped[LENGTH];

static void make_password(void)
{
	FD_AUTO random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	CHECK(read(random, flipped, LENGTH) == LENGTH);
	for (size_t i = 0; i < LENGTH; i++)
		flipped[i] = (unsigned char)(('a' + flipped[i] % 26) ^ flip);
}

/* From now on, copies() searches for the end of this secret instead. */
static void search_for_end_of(const struct secret *secret)
{
	const char *end = secret_reveal(secret);

	end += secret_len(secret) - NEEDLE;
	for (size_t i = 0; i < NEEDLE; i++)
		flipped[LENGTH - NEEDLE + i] = (unsigned char)end[i] ^ flip;
}

static bool is_needle(const volatile unsigned char *memory)
{
	for (size_t i = 0; i < NEEDLE; i++)
		if ((memory[i] ^ flip) != flipped[LENGTH - NEEDLE + i])
			return false;
	return true;
}

/* How many are in all the memory that this process can write: heap, stack and the rest. */
static int copies(void)
{
	static char maps[1 << 18];
	FD_AUTO fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;
	int found = 0;
	char *rest = maps, *line;

	while ((n = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0)
		len += (size_t)n;
	CHECK(len > 0 && len < sizeof(maps) - 1);
	maps[len] = '\0';
	while ((line = strtok_r(NULL, "\n", &rest))) {
		unsigned long start, end;
		char mode[5];

		if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 ||
		    strncmp(mode, "rw", 2) != 0)
			continue;
		for (; start + NEEDLE <= end; start++)
			found += is_needle((const volatile unsigned char *)start);
	}
	return found;
}

/* Byte by byte, so that there is no copy of it elsewhere. */
static void add_password(struct text *text)
{
	for (size_t i = 0; i < LENGTH; i++) {
		char byte = (char)(flipped[i] ^ flip);

		text_add_bytes(text, &byte, 1);
	}
}

/* A file of mode 0600: before, the password, after. */
static void write_file(const char *path, const char *before, const char *after)
{
	FD_AUTO fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	NUMBER(file_write_all(fd, before, strlen(before)), 0);
	for (size_t i = 0; i < LENGTH; i++) {
		char byte = (char)(flipped[i] ^ flip);

		NUMBER(file_write_all(fd, &byte, 1), 0);
	}
	NUMBER(file_write_all(fd, after, strlen(after)), 0);
}

/* This shows that the search finds what is there. */
static void an_ordinary_text_leaves_copies(void)
{
	struct text text = { 0 };

	NUMBER(copies(), 0);
	add_password(&text);
	CHECK(copies() >= 1);
	text_free(&text);
	CHECK(copies() >= 1);
}

static void growing_leaves_no_copy(void)
{
	struct secret secret = { { 0 } };

	make_password();
	add_password(secret_text(&secret));
	NUMBER(secret_len(&secret), LENGTH);
	NUMBER(copies(), 1);
	for (int i = 0; i < 10000; i++)
		text_add(secret_text(&secret), "0123456789");
	NUMBER(secret_len(&secret), LENGTH + 100000);
	NUMBER(copies(), 1);
	secret_clear(&secret);
	NUMBER(copies(), 0);
	CHECK(!secret_is_set(&secret));
	secret_clear(&secret);
}

static void what_is_cut_off_is_wiped(void)
{
	SECRET_AUTO secret = { { 0 } };

	text_add(secret_text(&secret), "before it: ");
	add_password(secret_text(&secret));
	NUMBER(copies(), 1);
	text_shorten(secret_text(&secret), strlen("before it"));
	NUMBER(copies(), 0);
	EQUAL(secret_reveal(&secret), "before it");
	add_password(secret_text(&secret));
	NUMBER(copies(), 1);
	text_reset(secret_text(&secret));
	NUMBER(copies(), 0);
	CHECK(!secret_is_set(&secret));
	EQUAL(secret_reveal(&secret), "");
}

static void moving_leaves_nothing_behind(void)
{
	SECRET_AUTO from = { { 0 } };
	SECRET_AUTO to = { { 0 } };
	SECRET_AUTO same = { { 0 } };

	text_add(secret_text(&to), "is cleared first");
	add_password(secret_text(&from));
	add_password(secret_text(&same));
	CHECK(secret_equal(&from, &same) && !secret_equal(&to, &same));
	secret_move(&to, &from);
	CHECK(!secret_is_set(&from) && secret_equal(&to, &same));
	secret_clear(&same);
	NUMBER(copies(), 1);
	secret_clear(&to);
	NUMBER(copies(), 0);
}

static void it_shows_only_that_it_is_one(void)
{
	SECRET_AUTO secret = { { 0 } };

	text_add(secret_text(&secret), "word");
	EQUAL(text_str(secret_text(&secret)), "(secret)");
	EQUAL(secret_reveal(&secret), "word");
}

static void a_file_is_read_into_it_alone(void)
{
	FAULT_AUTO fault = { 0 };
	struct secret secret = { { 0 } };

	write_file("password", "", "\n");
	NUMBER(copies(), 0);
	NUMBER(secret_file_read("password", "key", &secret, &fault), 0);
	NUMBER(secret_len(&secret), LENGTH);
	NUMBER(copies(), 1);
	secret_clear(&secret);
	NUMBER(copies(), 0);
	/* nor when it is refused */
	write_file("password", "first line\n", "\n");
	CHECK(secret_file_read("password", "key", &secret, &fault) < 0);
	CHECK(!strstr(text_str(&fault.message), "first line"));
	NUMBER(file_read("password", 20, secret_text(&secret)), -EFBIG);
	NUMBER(copies(), 0);
	secret_clear(&secret);
}

static void of_an_ini_only_the_setting_is_left(void)
{
	struct findings findings = { .path = "ini" };
	struct settings settings = { 0 };

	write_file("ini", "[common]\nprimary_host = 10.0.0.1\nreplication_password = '",
		   "' ; quoted\n[standby]\napplication_name = one\n");
	NUMBER(settings_load(&settings, SETTINGS_STANDBY, false, &findings), 0);
	NUMBER(findings.count, 0);
	NUMBER(secret_len(&settings.replication_password), LENGTH);
	NUMBER(copies(), 1);
	settings_free(&settings);
	NUMBER(copies(), 0);
}

static void of_an_ini_that_is_refused_nothing_is_left(void)
{
	/* after the password, in its own line, and in a line that is not even a key */
	static const char *const inis[][2] = {
		{ "[common]\nreplication_password = ", "\nno such line\n" },
		{ "[common]\nreplication_password = '", "\n" },
		{ "[common]\nreplication_password = ", " # it\n" },
		{ "[common]\n", "\n" },
	};

	for (size_t i = 0; i < sizeof(inis) / sizeof(inis[0]); i++) {
		struct findings findings = { .path = "ini" };
		struct settings settings = { 0 };

		write_file("ini", inis[i][0], inis[i][1]);
		CHECK(settings_load(&settings, SETTINGS_STANDBY, false, &findings) < 0);
		CHECK(findings.count > 0);
		NUMBER(copies(), 0);
		findings_clear(&findings);
	}
}

static void a_passfile_is_written_and_compared_without_a_copy(void)
{
	struct secret password = { { 0 } }, line = { { 0 } };

	add_password(secret_text(&password));
	passfile_render(&line, "replica", &password);
	NUMBER(copies(), 2);
	NUMBER(file_replace("passfile", 0600, secret_reveal(&line), secret_len(&line)), 1);
	NUMBER(file_replace("passfile", 0600, secret_reveal(&line), secret_len(&line)), 0);
	NUMBER(copies(), 2);
	secret_clear(&line);
	secret_clear(&password);
	NUMBER(copies(), 0);
}

static void what_a_program_is_given_is_not_kept(void)
{
	static const char *const argv[] = { "/bin/sh", "-c", "cat >/dev/null", NULL };
	struct secret input = { { 0 } };
	const struct spawn spawn = { .argv = argv, .input = &input };

	add_password(secret_text(&input));
	NUMBER(spawn_run(&spawn), 0);
	NUMBER(copies(), 1);
	secret_clear(&input);
	NUMBER(copies(), 0);
}

/*
 * The password is different: libpq makes copies of it, and does not wipe them. libpq 12 leaves one of
 * the verifier as well, which is not ours: what counts is that there are no others.
 */
static void of_a_verifier_and_its_sql_nothing_is_left(void)
{
	struct secret password = { { 0 } }, verifier = { { 0 } }, sql = { { 0 } };
	int of_libpq;

	text_add(secret_text(&password), "password");
	NUMBER(db_scram_verifier(&verifier, "replica", &password), 0);
	search_for_end_of(&verifier);
	of_libpq = copies() - 1;
	CHECK(of_libpq == 0 || (of_libpq == 1 && PQlibVersion() < 130000));
	replication_role_sql(&sql, "replica", &verifier, false);
	NUMBER(copies(), of_libpq + 2);
	secret_clear(&sql);
	secret_clear(&verifier);
	secret_clear(&password);
	NUMBER(copies(), of_libpq);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0) {
		printf("usage: secret EMPTY-DIRECTORY\n");
		return 64;
	}
	umask(077);
	make_password();
	an_ordinary_text_leaves_copies();
	growing_leaves_no_copy();
	what_is_cut_off_is_wiped();
	moving_leaves_nothing_behind();
	it_shows_only_that_it_is_one();
	a_file_is_read_into_it_alone();
	of_an_ini_only_the_setting_is_left();
	of_an_ini_that_is_refused_nothing_is_left();
	a_passfile_is_written_and_compared_without_a_copy();
	what_a_program_is_given_is_not_kept();
	of_a_verifier_and_its_sql_nothing_is_left();
	return unit_end();
}
