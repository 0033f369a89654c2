#include "postgresql/major.h"

#include <stddef.h>

static const struct major majors[] = {
	/* newest first */
	{
		.number = 16,
		.wal_keep_name = "wal_keep_size",
		.wal_keep_value = "2GB",
		.log_min_duration_sample = true,
		.hba_continued = true,
		.hba_includes = true,
		.base_backup = "BASE_BACKUP (LABEL 'pgrepl', CHECKPOINT 'fast', WAIT false)",
	},
	{
		.number = 15,
		.wal_keep_name = "wal_keep_size",
		.wal_keep_value = "2GB",
		.promote_trigger_file = true,
		.log_min_duration_sample = true,
		.hba_continued = true,
		.base_backup = "BASE_BACKUP (LABEL 'pgrepl', CHECKPOINT 'fast', WAIT false)",
	},
	{
		.number = 14,
		.wal_keep_name = "wal_keep_size",
		.wal_keep_value = "2GB",
		.promote_trigger_file = true,
		.log_min_duration_sample = true,
		.hba_continued = true,
		.base_backup = "BASE_BACKUP LABEL 'pgrepl' FAST NOWAIT",
	},
	{
		.number = 13,
		.wal_keep_name = "wal_keep_size",
		.wal_keep_value = "2GB",
		.promote_trigger_file = true,
		.log_min_duration_sample = true,
		.base_backup = "BASE_BACKUP LABEL 'pgrepl' FAST NOWAIT",
	},
	{
		.number = 12,
		.wal_keep_name = "wal_keep_segments",
		.wal_keep_value = "128", /* of 16 MiB */
		.promote_trigger_file = true,
		.base_backup = "BASE_BACKUP LABEL 'pgrepl' FAST NOWAIT",
	},
};

const struct major *major_find(int number)
{
	for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++)
		if (number >= majors[i].number)
			return &majors[i];
	return NULL;
}

int major_of_version(int version_num)
{
	return version_num / 10000;
}
