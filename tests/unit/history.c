/* history.c - timelines: what is a history file, and how two clusters of a system relate. */
#include "unit.h"

#include "base/file.h"
#include "postgresql/history.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void history_files_are_parsed(void)
{
	static const struct {
		const char *content;
		int expected;  /* the number of timelines, or a negative errno */
		long timeline; /* the last of them */
		uint64_t lsn;
	} files[] = {
		{ "", 0, 0, 0 },
		{ "1\t0/3000158\tno recovery target specified\n", 1, 1, 0x3000158 },
		{ "1\t0/3000158\treason\n\n2\t1A/FFFFFFFF\tat restore point \"2\t0/1\"\n",
		  2, 2, 0x1AFFFFFFFF },
		{ "# a comment\n  \t\n 7 \t 0/1 \n", 1, 7, 1 },
		{ "1\t0/1\treason without a newline", 1, 1, 1 },
		{ "1\t0/1\r\n4294967295\tFFFFFFFF/FFFFFFFF\tlast\r\n", 2, 4294967295,
		  UINT64_MAX },
		/* not in order, out of range, or no positions */
		{ "1\t0/1\n1\t0/2\n", -EINVAL, 0, 0 },
		{ "2\t0/1\n1\t0/2\n", -EINVAL, 0, 0 },
		{ "0\t0/1\n", -EINVAL, 0, 0 },
		{ "-1\t0/1\n", -EINVAL, 0, 0 },
		{ "4294967296\t0/1\n", -EINVAL, 0, 0 },
		{ "99999999999999999999\t0/1\n", -EINVAL, 0, 0 },
		{ "1\n", -EINVAL, 0, 0 },
		{ "1 0/\n", -EINVAL, 0, 0 },
		{ "1 0/123456789\n", -EINVAL, 0, 0 },
		{ "1 0/1 fine\nnonsense\n", -EINVAL, 0, 0 },
		{ "\x1b[2J\t\x01\n", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		HISTORY_AUTO history = { 0 };
		int r = history_parse(files[i].content, &history);

		NUMBER(r < 0 ? r : (int)history.count, files[i].expected);
		if (r < 0 || !history.count)
			continue;
		NUMBER(history.left[history.count - 1].timeline, files[i].timeline);
		NUMBER(history.left[history.count - 1].lsn, files[i].lsn);
	}
}

static void relations_are_told_apart(void)
{
	static const struct {
		struct wal_position here;
		const char *ours;
		struct wal_position there;
		const char *theirs;
		enum history_relation expected;
	} cases[] = {
		{ { 1, 5 }, "", { 1, 9 }, "", HISTORY_SAME },
		/* ahead on the same timeline is still the same timeline */
		{ { 1, 9 }, "", { 1, 5 }, "", HISTORY_SAME },
		{ { 2, 9 }, "1 0/7", { 2, 8 }, "1 0/7", HISTORY_SAME },
		{ { 2, 9 }, "1 0/7", { 1, 99 }, "", HISTORY_NEWER },
		{ { 1, 6 }, "", { 2, 9 }, "1 0/7", HISTORY_BEHIND },
		/* a clean switchover: not a byte beyond */
		{ { 1, 7 }, "", { 2, 9 }, "1 0/7", HISTORY_BEHIND },
		{ { 1, 8 }, "", { 2, 9 }, "1 0/7", HISTORY_FORKED },
		{ { 2, 9 }, "1 0/7", { 4, 9 }, "1 0/7\n2 0/9", HISTORY_BEHIND },
		{ { 2, 10 }, "1 0/7", { 4, 9 }, "1 0/7\n2 0/9", HISTORY_FORKED },
		/* timeline 2 was skipped: it was the number of another promotion */
		{ { 2, 9 }, "1 0/7", { 3, 9 }, "1 0/8", HISTORY_APART },
		{ { 2, 9 }, "", { 3, 9 }, "1 0/8", HISTORY_APART },
		/* two promotions that both took the number 2 */
		{ { 2, 9 }, "1 0/7", { 2, 9 }, "1 0/8", HISTORY_APART },
		{ { 2, 9 }, "1 0/7", { 3, 9 }, "1 0/8\n2 0/9", HISTORY_APART },
		/* a server that does not tell */
		{ { 1, 9 }, "", { 2, 9 }, "", HISTORY_APART },
		/* without our own history file, the number has to do */
		{ { 2, 9 }, "", { 2, 9 }, "1 0/8", HISTORY_SAME },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		HISTORY_AUTO ours = { 0 };
		HISTORY_AUTO theirs = { 0 };

		CHECK(history_parse(cases[i].ours, &ours) == 0);
		CHECK(history_parse(cases[i].theirs, &theirs) == 0);
		NUMBER(history_relate(cases[i].here, &ours, cases[i].there, &theirs),
		       cases[i].expected);
	}
}

static void write_file(const char *path, const void *content, size_t len)
{
	FAULT_AUTO fault = { 0 };

	CHECK(file_put(path, 0600, content, len, &fault) == 0);
}

/* As on disk: the beginning of pg_control. */
static void write_control(uint32_t version, uint32_t timeline, size_t len)
{
	unsigned char bytes[128] = { 0 };
	const uint64_t system = 7712129493197848975, checkpoint = 0x1643090;

	memcpy(bytes, &system, sizeof(system));
	memcpy(bytes + 8, &version, sizeof(version));
	memcpy(bytes + 32, &checkpoint, sizeof(checkpoint));
	memcpy(bytes + 40, &checkpoint, sizeof(checkpoint));
	memcpy(bytes + 48, &timeline, sizeof(timeline));
	write_file("data/global/pg_control", bytes, len);
}

static void a_cluster_is_where_pg_control_and_the_newest_history_file_say(void)
{
	struct wal_position position = { 99, 99 };
	char system[24] = "untouched";

	NUMBER(history_locate("data", system, &position), -ENOENT);
	CHECK(mkdir("data", 0700) == 0 && mkdir("data/global", 0700) == 0);
	write_control(1201, 1, 128);
	/* without pg_wal, which may be on a disk that is not mounted: not the same as no cluster */
	NUMBER(history_locate("data", system, &position), -ENOTDIR);
	NUMBER(position.timeline, 99);
	EQUAL(system, "untouched");
	CHECK(mkdir("data/pg_wal", 0700) == 0);
	NUMBER(history_locate("data", system, &position), 0);
	EQUAL(system, "7712129493197848975");
	NUMBER(position.timeline, 1);
	NUMBER(position.lsn, 0x1643090);
	write_file("data/pg_wal/0000000B.history", "", 0);
	write_file("data/pg_wal/00000003.history", "", 0);
	write_file("data/pg_wal/0000000C.history.tmp", "", 0);
	write_file("data/pg_wal/0000000D00000000000000FF.partial", "", 0);
	NUMBER(history_locate("data", system, &position), 0);
	NUMBER(position.timeline, 11);
	write_control(1300, 12, 128);
	NUMBER(history_locate("data", system, &position), 0);
	NUMBER(position.timeline, 12);
	/* too old, of another byte order, too short, or zeroed */
	write_control(1002, 12, 128);
	NUMBER(history_locate("data", system, &position), -EINVAL);
	write_control(0xb1040000, 12, 128);
	NUMBER(history_locate("data", system, &position), -EINVAL);
	write_control(1201, 12, 20);
	NUMBER(history_locate("data", system, &position), -EINVAL);
	write_control(1201, 0, 128);
	NUMBER(history_locate("data", system, &position), -EINVAL);
}

static void the_history_of_a_timeline_is_read_from_its_file(void)
{
	HISTORY_AUTO history = { 0 };

	write_file("data/pg_wal/0000000B.history", "1\t0/7\tx\n", 8);
	CHECK(history_read("data", 11, &history) == 0);
	NUMBER(history.count, 1);
	history_free(&history);
	CHECK(history_read("data", 1, &history) == 0);
	NUMBER(history.count, 0);
	write_file("data/pg_wal/0000000B.history", "x", 1);
	NUMBER(history_read("data", 11, &history), -EINVAL);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0)
		return 2;
	history_files_are_parsed();
	relations_are_told_apart();
	a_cluster_is_where_pg_control_and_the_newest_history_file_say();
	the_history_of_a_timeline_is_read_from_its_file();
	return unit_end();
}
