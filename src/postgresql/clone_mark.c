#include "postgresql/clone_mark.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT "system %s\ntimeline %ld\nwal %s\nend %s\n"

enum { SEGMENT_NAME_LENGTH = 24, TIMELINE_LENGTH = 8 };

static bool is_segment(const char *name)
{
	return strspn(name, "0123456789ABCDEF") == SEGMENT_NAME_LENGTH &&
	       !name[SEGMENT_NAME_LENGTH];
}

/* The name of the last WAL segment (XLogFileName of xlog_internal.h); its size; or -errno. */
static long long last_segment(const char *folder, char ret[SEGMENT_NAME_LENGTH + 1])
{
	DIR_AUTO dir = opendir(folder);
	const struct dirent *entry;
	STRING_AUTO path = NULL;
	struct stat st;

	if (!dir)
		return -errno;
	ret[0] = '\0';
	while ((entry = file_next(dir)))
		if (is_segment(entry->d_name) && strcmp(entry->d_name, ret) > 0)
			memcpy(ret, entry->d_name, SEGMENT_NAME_LENGTH + 1);
	path = text_format("%s/%s", folder, ret);
	if (!*ret || stat(path, &st) < 0)
		return -ENOENT;
	/* a whole part of 4 GiB, or it is not a segment */
	return st.st_size > 0 && (1LL << 32) % st.st_size == 0 ? st.st_size : -EINVAL;
}

/* Where the zeros begin that fill up a segment: no record begins with them. */
static int find_zeros(const char *path, long long size, uint64_t *ret)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	char page[8192];

	if (fd < 0)
		return -errno;
	while (size > 0) {
		size -= (long long)sizeof(page);
		if (pread(fd, page, sizeof(page), size) != (ssize_t)sizeof(page))
			return -EINVAL;
		for (size_t i = sizeof(page); i > 0; i--)
			if (page[i - 1]) {
				*ret = (uint64_t)size + i;
				return 0;
			}
	}
	*ret = 0;
	return 0;
}

/* A standby requests WAL from the beginning of the segment in which its own ends. */
static int find_end(const char *staging, struct clone_mark *ret)
{
	STRING_AUTO folder = text_format("%s/pg_wal", staging);
	char name[SEGMENT_NAME_LENGTH + 1], part[TIMELINE_LENGTH + 1] = "";
	long long size = last_segment(folder, name);
	STRING_AUTO path = NULL;
	uint64_t high, low, used = 0;
	int r;

	if (size < 0)
		return (int)size;
	path = text_format("%s/%s", folder, name);
	r = find_zeros(path, size, &used);
	if (r < 0)
		return r;
	memcpy(part, name, TIMELINE_LENGTH);
	ret->end.timeline = strtol(part, NULL, 16);
	memcpy(part, name + TIMELINE_LENGTH, TIMELINE_LENGTH);
	high = strtoul(part, NULL, 16);
	low = strtoul(name + SEGMENT_NAME_LENGTH - TIMELINE_LENGTH, NULL, 16);
	ret->lsn = (high << 32) + low * (uint64_t)size;
	ret->end.lsn = ret->lsn + used;
	return 0;
}

static char *path_of(const struct cluster *cluster)
{
	return text_format("%s/" CLUSTER_MARK, cluster->staging);
}

int clone_mark_write(const struct cluster *cluster, struct fault *fault)
{
	struct wal_position checkpoint;
	STRING_AUTO path = path_of(cluster);
	struct clone_mark mark;
	TEXT_AUTO lsn = { 0 };
	TEXT_AUTO end = { 0 };
	STRING_AUTO content = NULL;
	int r = history_locate(cluster->staging, mark.system_id, &checkpoint);

	if (r == 0)
		r = find_end(cluster->staging, &mark);
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r,
				   "\"%s\" is not a complete clone", cluster->staging);
	r = file_sync_tree(cluster->staging);
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r,
				   "could not write \"%s\" to disk", cluster->staging);
	replication_add_lsn(&lsn, mark.lsn);
	replication_add_lsn(&end, mark.end.lsn);
	content = text_format(FORMAT, mark.system_id, mark.end.timeline, text_str(&lsn),
			      text_str(&end));
	return file_put(path, 0600, content, strlen(content), fault);
}

int clone_mark_read(const struct cluster *cluster, struct clone_mark *ret)
{
	STRING_AUTO path = path_of(cluster);
	TEXT_AUTO content = { 0 };
	char lsn[24], end[24], timeline[16];
	struct clone_mark mark;
	int r = file_read(path, 1024, &content);

	if (r < 0)
		return r;
	if (sscanf(text_str(&content), "system %23s\ntimeline %15s\nwal %23s\nend %23s",
		   mark.system_id, timeline, lsn, end) != 4 ||
	    text_to_long(timeline, 1, INT_MAX, &mark.end.timeline) < 0)
		return -EINVAL;
	r = replication_parse_lsn(lsn, &mark.lsn);
	if (r == 0)
		r = replication_parse_lsn(end, &mark.end.lsn);
	if (r == 0)
		*ret = mark;
	return r;
}

bool clone_mark_exists(const struct cluster *cluster)
{
	STRING_AUTO path = path_of(cluster);

	return file_exists(path);
}
