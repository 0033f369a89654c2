#include "postgresql/major.h"

#include <stddef.h>

static const struct major majors[] = {
	/* newest first */
	{
		.number = 16,
		.log_min_duration_sample = true,
		.hba_continued = true,
		.hba_includes = true,
		.base_backup = "BASE_BACKUP (LABEL 'pgrepl', CHECKPOINT 'fast', WAIT false)",
	},
	{
		.number = 15,
		.log_min_duration_sample = true,
		.hba_continued = true,
		.base_backup = "BASE_BACKUP (LABEL 'pgrepl', CHECKPOINT 'fast', WAIT false)",
	},
	{
		.number = 14,
		.log_min_duration_sample = true,
		.hba_continued = true,
		.base_backup = "BASE_BACKUP LABEL 'pgrepl' FAST NOWAIT",
	},
	{
		.number = 13,
		.log_min_duration_sample = true,
		.base_backup = "BASE_BACKUP LABEL 'pgrepl' FAST NOWAIT",
	},
	{
		.number = 12,
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
