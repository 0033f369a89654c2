#include "postgresql/major.h"

#include <stddef.h>

static const struct major majors[] = {
	/* newest first; 128 segments of 16 MiB */
	{ .number = 16, .wal_keep_name = "wal_keep_size", .wal_keep_value = "2GB" },
	{ .number = 13,
	  .wal_keep_name = "wal_keep_size",
	  .wal_keep_value = "2GB",
	  .promote_trigger_file = true },
	{ .number = 12,
	  .wal_keep_name = "wal_keep_segments",
	  .wal_keep_value = "128",
	  .promote_trigger_file = true },
};

const struct major *major_find(int number)
{
	for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++)
		if (number >= majors[i].number)
			return &majors[i];
	return NULL;
}
