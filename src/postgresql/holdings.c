#include "postgresql/holdings.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024,
	SEGMENT_NAME_LENGTH = 24,
	TWOPHASE_NAME_LENGTH = 8, /* 16 from 17 on */
};

/*
 * The beginning of a slot's file, in words of 4 bytes: ReplicationSlotOnDisk in
 * src/backend/replication/slot.c, the same from 9.4 to 18.
 */
enum {
	SLOT_MAGIC = 0,
	SLOT_NAME = 4,      /* 64 bytes */
	SLOT_DATABASE = 20, /* 0 of a physical slot */
	SLOT_PERSISTENCY = 21,
	SLOT_WORDS,

	IS_SLOT = 0x1051CA1,
	IS_PERSISTENT = 0, /* others are gone after a restart */
};

static void look_at_slot(const char *path, struct holdings *ret)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint32_t words[SLOT_WORDS];

	if (fd < 0 || read(fd, words, sizeof(words)) != (ssize_t)sizeof(words) ||
	    words[SLOT_MAGIC] != IS_SLOT || words[SLOT_PERSISTENCY] != IS_PERSISTENT)
		return;
	ret->slots++;
	if (words[SLOT_DATABASE])
		snprintf(ret->logical_slot, sizeof(ret->logical_slot), "%.64s",
			 (const char *)&words[SLOT_NAME]);
}

static bool is_hexadecimal(const char *name)
{
	return name[strspn(name, "0123456789ABCDEF")] == '\0';
}

void holdings_look(const char *directory, struct holdings *ret)
{
	STRING_AUTO slots = text_format("%s/pg_replslot", directory);
	STRING_AUTO twophase = text_format("%s/pg_twophase", directory);
	DIR_AUTO slots_dir = opendir(slots);
	DIR_AUTO twophase_dir = opendir(twophase);
	const struct dirent *entry;

	memset(ret, 0, sizeof(*ret));
	while (slots_dir && (entry = file_next(slots_dir))) {
		STRING_AUTO path = text_format("%s/%s/state", slots, entry->d_name);

		/* half removed: the server clears it when it starts */
		if (!strstr(entry->d_name, ".tmp"))
			look_at_slot(path, ret);
	}
	while (twophase_dir && (entry = file_next(twophase_dir)))
		ret->prepared += strlen(entry->d_name) >= TWOPHASE_NAME_LENGTH &&
				 is_hexadecimal(entry->d_name);
}

long holdings_segment_bytes(const char *directory)
{
	STRING_AUTO path = text_format("%s/pg_wal", directory);
	DIR_AUTO dir = opendir(path);
	const struct dirent *entry;
	struct stat st;

	while (dir && (entry = file_next(dir)))
		if (strlen(entry->d_name) == SEGMENT_NAME_LENGTH &&
		    is_hexadecimal(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_size >= 1024 * 1024 && (st.st_size & (st.st_size - 1)) == 0)
			return (long)st.st_size;
	return DEFAULT_SEGMENT_BYTES;
}
