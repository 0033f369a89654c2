#include "postgresql/history.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* some 20000 timelines */
enum { HISTORY_MAX = 1024 * 1024 };

/* "1<tab>0/3000158<tab>reason", which comes after timeline last. */
static int parse_line(char *line, long last, struct wal_position *ret)
{
	static const char blanks[] = " \t";
	char *rest = line;
	const char *timeline = strtok_r(rest, blanks, &rest);
	const char *lsn = strtok_r(NULL, blanks, &rest);

	if (!timeline || !lsn)
		return -EINVAL;
	if (text_to_long(timeline, last + 1, UINT32_MAX, &ret->timeline) < 0)
		return -EINVAL;
	return replication_parse_lsn(lsn, &ret->lsn);
}

int history_parse(const char *content, struct history *ret)
{
	STRING_AUTO copy = text_copy(content);
	HISTORY_AUTO history = { 0 };
	char *rest = copy, *line;
	long last = 0;

	while ((line = strtok_r(rest, "\n", &rest))) {
		struct wal_position left;

		line = text_trim(line);
		if (!*line || *line == '#')
			continue;
		if (parse_line(line, last, &left) < 0)
			return -EINVAL;
		last = left.timeline;
		history.left = mem_resize(history.left,
					  (history.count + 1) * sizeof(*history.left));
		history.left[history.count++] = left;
	}
	*ret = history;
	history.left = NULL;
	return 0;
}

void history_free(struct history *history)
{
	free(history->left);
	history->left = NULL;
	history->count = 0;
}

/* Did both go the same way, as far as the shorter goes? */
static bool same_way(const struct history *ours, const struct history *theirs)
{
	if (ours->count > theirs->count)
		return false;
	for (size_t i = 0; i < ours->count; i++)
		if (ours->left[i].timeline != theirs->left[i].timeline ||
		    ours->left[i].lsn != theirs->left[i].lsn)
			return false;
	return true;
}

enum history_relation history_relate(struct wal_position here, const struct history *ours,
				     struct wal_position server, const struct history *theirs)
{
	if (here.timeline > server.timeline)
		return HISTORY_NEWER;
	if (!same_way(ours, theirs))
		return HISTORY_APART;
	if (here.timeline == server.timeline)
		return HISTORY_SAME;
	for (size_t i = 0; i < theirs->count; i++)
		if (theirs->left[i].timeline == here.timeline)
			return here.lsn > theirs->left[i].lsn ? HISTORY_FORKED
							      : HISTORY_BEHIND;
	return HISTORY_APART;
}

/* --- in a directory --- */

/* Raises *ret to the newest timeline that has a history file. */
static int find_newest(const char *directory, long *ret)
{
	enum { DIGITS = 8 };
	STRING_AUTO path = text_format("%s/pg_wal", directory);
	DIR_AUTO dir = opendir(path);
	const struct dirent *entry;

	/* on a disk that is not mounted, say: the cluster is there all the same */
	if (!dir)
		return errno == ENOENT ? -ENOTDIR : -errno;
	while ((errno = 0, entry = file_next(dir))) {
		const char *name = entry->d_name;
		long timeline = strtol(name, NULL, 16);

		if (strspn(name, "0123456789ABCDEF") == DIGITS &&
		    text_equal(name + DIGITS, ".history") && timeline > *ret)
			*ret = timeline;
	}
	return -errno;
}

/* The beginning of pg_control. */
struct control {
	uint64_t system;
	uint32_t version, catalog_version;
	uint32_t state;
	int64_t changed_at;
	uint64_t checkpoint, redo;
	uint32_t timeline, previous_timeline;
};

enum { CONTROL_VERSION_MIN = 1100 };

int history_locate(const char *directory, char ret_system[24], struct wal_position *ret)
{
	STRING_AUTO path = text_format("%s/global/pg_control", directory);
	FD_AUTO fd = file_open(path);
	struct wal_position position;
	struct control control;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	n = read(fd, &control, sizeof(control));
	if (n < 0)
		return -errno;
	/* so is one with the other byte order */
	if (n != (ssize_t)sizeof(control) || control.version < CONTROL_VERSION_MIN ||
	    control.version > UINT16_MAX || !control.timeline)
		return -EINVAL;
	position = (struct wal_position){ control.timeline, control.checkpoint };
	r = find_newest(directory, &position.timeline);
	if (r < 0)
		return r;
	snprintf(ret_system, 24, "%llu", (unsigned long long)control.system);
	*ret = position;
	return 0;
}

int history_read(const char *directory, long timeline, struct history *ret)
{
	STRING_AUTO path = text_format("%s/pg_wal/%08lX.history", directory, timeline);
	TEXT_AUTO content = { 0 };
	int r = file_read(path, HISTORY_MAX, &content);

	return r < 0 && r != -ENOENT ? r : history_parse(text_str(&content), ret);
}

/* --- from a server --- */

int history_fetch(const struct replication_login *login, long timeline,
		  struct history *ret, struct fault *fault)
{
	enum { CONTENT = 1 };
	STRING_AUTO command = text_format("TIMELINE_HISTORY %ld", timeline);
	DB_AUTO db = { 0 };
	RESULT_AUTO result = NULL;
	int r = replication_open(login, &db, fault);

	if (r < 0)
		return r;
	r = db_query(&db, command, 0, NULL, &result, fault);
	if (r < 0 && fault->class == FAULT_RETRY)
		return r;
	fault_clear(fault);
	/* db_value() is "" for what is not there; a server's own history is never empty */
	if (r < 0 || PQntuples(result) != 1 ||
	    strlen(db_value(result, 0, CONTENT)) > HISTORY_MAX ||
	    history_parse(db_value(result, 0, CONTENT), ret) < 0)
		return -ENODATA;
	return 0;
}
