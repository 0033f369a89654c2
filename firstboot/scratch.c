#include "scratch.h"

#include "base/file.h"

#include <errno.h>
#include <sys/stat.h>

int scratch_open(struct host *host, struct fault *fault)
{
	int r = file_remove_tree(host->cluster.trial);

	if (r == 0 && mkdir(host->cluster.trial, 0700) < 0)
		r = -errno;
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not create \"%s\"",
				   host->cluster.trial);
	host->trying = true;
	return 0;
}

void scratch_close(struct host *host)
{
	host->trying = false;
	(void)file_remove_tree(host->cluster.trial);
}
