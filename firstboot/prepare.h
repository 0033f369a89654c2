/*
 * prepare.h - what has to be known before the worker is forked: the server's user, and
 * where its data is.
 *
 * Each returns 0, or a negative errno and the fault.
 */
#pragma once

#include "host.h"
#include "monitor.h"

/* The user that the worker becomes: os_user from the ini, or ourselves without root. */
int prepare_user(const struct settings *settings, struct host *host,
		 struct monitor *monitor, struct fault *fault);

/*
 * Sets host->data_directory: that of the service, else of the ini, else, without a service, PGDG's
 * default.
 * If both the service and the ini name one, it has to be the same directory; and the service has
 * to run as the user that prepare_user() has found. Then sets host->directories, which points into
 * it and into settings.
 */
int prepare_data_directory(const struct settings *settings, struct host *host,
			   const struct monitor *monitor, struct fault *fault);

/*
 * For setup in a service: finds out whether the server's waits for ours. A server that pg_ctl would
 * start must be one that lives on after us.
 */
int prepare_control(const struct settings *settings, struct monitor *monitor,
		    struct fault *fault);

/* Frees what it has made. */
void prepare_free(struct host *host);
