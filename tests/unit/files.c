/*
 * files.c - files that are replaced whole; trees that are walked, synced and removed; ownership.
 * Works in the directory that is its argument.
 */
#include "unit.h"

#include "base/file.h"
#include "host/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *content_of(const char *path)
{
	struct text text = { 0 };

	if (file_read(path, 1 << 20, &text) < 0)
		return text_copy("(cannot be read)");
	return text.s ? text.s : text_copy("");
}

static struct stat look(const char *path)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	CHECK(lstat(path, &st) == 0);
	return st;
}

static void write_plain(const char *path, const char *content)
{
	FD_AUTO fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	NUMBER(file_write_all(fd, content, strlen(content)), 0);
}

static int count_names(void *arg, int dir_fd, const char *name, const struct stat *st)
{
	(void)dir_fd;
	(void)name;
	(void)st;
	(*(int *)arg)++;
	return 0;
}

static int entries_below(const char *path)
{
	int count = 0;

	NUMBER(file_walk(path, count_names, &count), 0);
	return count;
}

static void a_file_is_replaced_whole_or_left_untouched(void)
{
	STRING_AUTO content = NULL;
	struct stat before, after;

	NUMBER(mkdir("replace", 0700), 0);
	NUMBER(file_replace("replace/a", 0600, "one", 3), 1);
	before = look("replace/a");
	NUMBER(before.st_mode & 07777, 0600);
	/* the same content and mode: not a byte is written */
	NUMBER(file_replace("replace/a", 0600, "one", 3), 0);
	after = look("replace/a");
	CHECK(before.st_ino == after.st_ino &&
	      before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	/* the mode counts too */
	NUMBER(file_replace("replace/a", 0640, "one", 3), 1);
	NUMBER(look("replace/a").st_mode & 07777, 0640);
	NUMBER(file_replace("replace/a", 0600, "on", 2), 1);
	NUMBER(file_replace("replace/a", 0600, "", 0), 1);
	NUMBER(file_replace("replace/a", 0600, "\0x\0", 3), 1);
	NUMBER(look("replace/a").st_size, 3);
	/* no temporary file is left beside it */
	NUMBER(entries_below("replace"), 1);
	NUMBER(file_replace("replace/none/a", 0600, "x", 1), -ENOENT);
	NUMBER(file_replace("replace", 0600, "x", 1), -EISDIR);
	NUMBER(entries_below("."), 2);
	NUMBER(file_replace("replace/a", 0600, "last", 4), 1);
	content = content_of("replace/a");
	EQUAL(content, "last");
}

static void a_link_keeps_pointing_where_it_points(void)
{
	STRING_AUTO content = NULL;

	NUMBER(mkdir("links", 0700), 0);
	NUMBER(mkdir("links/elsewhere", 0700), 0);
	write_plain("links/elsewhere/target", "old");
	NUMBER(symlink("elsewhere/target", "links/name"), 0);
	NUMBER(file_replace("links/name", 0600, "new", 3), 1);
	CHECK(S_ISLNK(look("links/name").st_mode));
	content = content_of("links/elsewhere/target");
	EQUAL(content, "new");
	/* a dangling link is a name like any other */
	NUMBER(symlink("nowhere", "links/broken"), 0);
	NUMBER(file_replace("links/broken", 0600, "x", 1), 1);
	NUMBER(entries_below("links"), 4);
}

static void what_is_too_long_is_not_read(void)
{
	TEXT_AUTO text = { 0 };

	write_plain("long", "12345");
	NUMBER(file_read("long", 4, &text), -EFBIG);
	EQUAL(text_str(&text), "");
	NUMBER(file_read("long", 5, &text), 0);
	EQUAL(text_str(&text), "12345");
	NUMBER(file_read("missing", 5, &text), -ENOENT);
	NUMBER(file_read(".", 5, &text), -FILE_NOT_REGULAR);
	NUMBER(file_read("/dev/zero", 5, &text), -FILE_NOT_REGULAR);
	NUMBER(mkfifo("fifo", 0600), 0);
	NUMBER(file_read("fifo", 5, &text), -FILE_NOT_REGULAR);
	EQUAL(text_str(&text), "12345");
	CHECK(file_exists("long") && !file_exists("missing"));
}

static void a_tree_is_removed_and_what_its_links_lead_to_is_not(void)
{
	NUMBER(mkdir("keep", 0700), 0);
	write_plain("keep/precious", "x");
	NUMBER(mkdir("tree", 0700), 0);
	NUMBER(mkdir("tree/deep", 0700), 0);
	NUMBER(mkdir("tree/deep/er", 0700), 0);
	write_plain("tree/deep/er/file", "x");
	NUMBER(symlink("../../keep", "tree/deep/link"), 0);
	NUMBER(symlink("../keep/precious", "tree/file-link"), 0);
	NUMBER(symlink("nowhere", "tree/broken"), 0);
	NUMBER(link("keep/precious", "tree/second-name"), 0);
	NUMBER(entries_below("tree"), 7);
	NUMBER(file_sync_tree("tree"), 0);
	NUMBER(file_remove_tree("tree"), 0);
	CHECK(!file_exists("tree"));
	CHECK(file_exists("keep/precious"));
	NUMBER(file_remove_tree("tree"), 0);
	/* a link in place of the tree is removed, not followed */
	NUMBER(symlink("keep", "tree"), 0);
	NUMBER(file_remove_tree("tree"), 0);
	CHECK(!file_exists("tree") && file_exists("keep/precious"));
	write_plain("tree", "a file");
	NUMBER(file_remove_tree("tree"), 0);
	CHECK(!file_exists("tree"));
}

static void a_sync_follows_the_links_that_a_cluster_has(void)
{
	NUMBER(mkdir("cluster", 0700), 0);
	NUMBER(mkdir("wal", 0700), 0);
	write_plain("wal/segment", "x");
	NUMBER(symlink("../wal", "cluster/pg_wal"), 0);
	NUMBER(mkdir("cluster/pg_tblspc", 0700), 0);
	NUMBER(symlink("../../wal", "cluster/pg_tblspc/16384"), 0);
	NUMBER(file_sync_tree("cluster"), 0);
	NUMBER(symlink("../../nowhere", "cluster/pg_tblspc/16385"), 0);
	NUMBER(file_sync_tree("cluster"), -ENOENT);
	NUMBER(file_sync_tree("missing"), -ENOENT);
}

static int stop_at(void *arg, int dir_fd, const char *name, const struct stat *st)
{
	(void)dir_fd;
	(void)st;
	return strcmp(name, arg) == 0 ? -ECANCELED : 0;
}

static int must_see_parents_first(void *arg, int dir_fd, const char *name,
				  const struct stat *st)
{
	bool *parent_seen = arg;

	(void)dir_fd;
	if (S_ISDIR(st->st_mode) && strcmp(name, "parent") == 0)
		*parent_seen = true;
	if (strcmp(name, "child") == 0)
		CHECK(*parent_seen);
	return 0;
}

static void a_walk_sees_all_follows_nothing_and_can_be_ended(void)
{
	bool parent_seen = false;

	NUMBER(mkdir("walk", 0700), 0);
	NUMBER(mkdir("walk/parent", 0700), 0);
	write_plain("walk/parent/child", "x");
	NUMBER(symlink("..", "walk/parent/up"), 0);
	NUMBER(symlink("/", "walk/root"), 0);
	NUMBER(entries_below("walk"), 4);
	NUMBER(file_walk("walk", must_see_parents_first, &parent_seen), 0);
	NUMBER(file_walk("walk", stop_at, (char *)"child"), -ECANCELED);
	NUMBER(file_walk("walk", stop_at, (char *)"nobody"), 0);
	NUMBER(file_walk("missing", count_names, &(int){ 0 }), -ENOENT);
	NUMBER(file_walk("walk/root", count_names, &(int){ 0 }), -ENOTDIR);
}

static void ownership_is_counted_and_changes_nothing(void)
{
	FAULT_AUTO fault = { 0 };
	long others = 77;

	NUMBER(mkdir("mine", 0700), 0);
	write_plain("mine/a", "x");
	NUMBER(symlink("/", "mine/link"), 0);
	NUMBER(ownership_count("mine", geteuid(), &others, &fault), 0);
	NUMBER(others, 0);
	/* to another user all of it is foreign: directory, file, link */
	NUMBER(ownership_count("mine", geteuid() + 1, &others, &fault), 0);
	NUMBER(others, 3);
	NUMBER(ownership_count("missing", geteuid(), &others, &fault), 0);
	NUMBER(others, 0);
	NUMBER(fault.class, FAULT_NONE);
}

static void ownership_is_repaired_and_no_link_is_followed(void)
{
	STRING_AUTO here = realpath(".", NULL);
	STRING_AUTO path = text_format("%s/data", here);
	STRING_AUTO by_link = text_format("%s/to-data", here);
	STRING_AUTO foreign = text_format("%s/keep", here);
	const uid_t other = 65534;

	if (geteuid() != 0) {
		unit_skip("needs root");
		return;
	}
	NUMBER(mkdir("data", 0700), 0);
	write_plain("data/PG_VERSION", "12\n");
	NUMBER(mkdir("data/base", 0700), 0);
	write_plain("data/base/1", "x");
	NUMBER(symlink("../keep/precious", "data/link"), 0);
	NUMBER(symlink("data", "to-data"), 0);
	{
		FAULT_AUTO fault = { 0 };

		CHECK(ownership_repair(by_link, other, other, &fault) < 0);
		CHECK(fault.class == FAULT_OPERATOR && fault.hint.len);
		NUMBER(look("data").st_uid, 0);
	}
	{
		FAULT_AUTO fault = { 0 };

		/* neither empty nor a cluster */
		NUMBER(ownership_repair(foreign, other, other, &fault), -ENOTEMPTY);
		NUMBER(look("keep/precious").st_uid, 0);
	}
	{
		FAULT_AUTO fault = { 0 };

		NUMBER(ownership_repair(path, other, other, &fault), 5);
		NUMBER(look("data/base/1").st_uid, other);
		NUMBER(look("data/link").st_uid, other);
		NUMBER(look("keep/precious").st_uid, 0);
		NUMBER(ownership_repair(path, other, other, &fault), 0);
	}
	{
		FAULT_AUTO fault = { 0 };

		/* a hard link to someone else's file must not become the server's */
		NUMBER(link("long", "data/second-name"), 0);
		NUMBER(ownership_repair(path, other, other, &fault), -EMLINK);
		NUMBER(look("long").st_uid, 0);
	}
}

static const char *tidied(const char *path)
{
	static char buffer[64];

	snprintf(buffer, sizeof(buffer), "%s", path);
	file_tidy_path(buffer);
	return buffer;
}

static void a_path_is_tidied_and_means_the_same(void)
{
	EQUAL(tidied("/data/pg"), "/data/pg");
	EQUAL(tidied("//data///pg//"), "/data/pg");
	EQUAL(tidied("/data/./pg/."), "/data/pg");
	EQUAL(tidied("/data/.pg/..x/.../../y"), "/data/.pg/..x/.../../y");
	EQUAL(tidied("/"), "/");
	EQUAL(tidied("//./"), "/");
	EQUAL(tidied(""), "");
	EQUAL(tidied("relative//path/"), "relative//path/");
}

static void paths_overlap_by_whole_names(void)
{
	CHECK(file_paths_overlap("/data", "/data"));
	CHECK(file_paths_overlap("/data", "/data/pg"));
	CHECK(file_paths_overlap("/data/pg", "/data"));
	CHECK(!file_paths_overlap("/data", "/database"));
	CHECK(!file_paths_overlap("/data/pg", "/data/p"));
	CHECK(!file_paths_overlap("/data/a", "/data/b"));
}

static void a_real_path_needs_no_last_name_but_its_folder(void)
{
	char *here = realpath(".", NULL), *real, *expected;

	CHECK(mkdir("real", 0700) == 0 && symlink("real", "way") == 0 &&
	      symlink("nowhere", "dangling") == 0);
	expected = text_format("%s/real/new", here);
	real = file_real_path("way/new");
	EQUAL(real, expected);
	text_drop(&real);
	CHECK(!file_real_path("dangling") && errno == ENOLINK);
	CHECK(!file_real_path("nowhere/new") && errno == ENOENT);
	CHECK(file_is_same("way", "real"));
	CHECK(!file_is_same("way", "."));
	CHECK(!file_is_same("nowhere", "nowhere"));
	CHECK(unlink("way") == 0 && unlink("dangling") == 0 && rmdir("real") == 0);
	text_drop(&expected);
	free(here);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0) {
		printf("usage: files EMPTY-DIRECTORY\n");
		return 64;
	}
	umask(077);
	a_file_is_replaced_whole_or_left_untouched();
	a_link_keeps_pointing_where_it_points();
	what_is_too_long_is_not_read();
	a_tree_is_removed_and_what_its_links_lead_to_is_not();
	a_sync_follows_the_links_that_a_cluster_has();
	a_walk_sees_all_follows_nothing_and_can_be_ended();
	ownership_is_counted_and_changes_nothing();
	ownership_is_repaired_and_no_link_is_followed();
	a_path_is_tidied_and_means_the_same();
	paths_overlap_by_whole_names();
	a_real_path_needs_no_last_name_but_its_folder();
	return unit_end();
}
