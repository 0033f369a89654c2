/*
 * prepare.h - what has to be known before the worker is forked: the server's user, and
 * where its data is.
 *
 * Each returns 0, or a negative errno and the fault.
 */
#ifndef PGREPL_PREPARE_H
#define PGREPL_PREPARE_H

#include "host.h"
#include "monitor.h"

/* The user that the worker becomes: os_user of the ini; without root, whoever we are. */
int prepare_user(const struct settings *settings, struct host *host,
		 struct monitor *monitor, struct fault *fault);

/*
 * Sets host->data_directory: the service's, else the ini's, else PGDG's. The first two have to
 * be the same directory. Then host->directories, which point into it and into settings.
 */
int prepare_data_directory(const struct settings *settings, struct host *host,
			   struct fault *fault);

/* Frees what it has made. */
void prepare_free(struct host *host);

#endif
