/*
 * environment.h - the variables that systemd gives to a service: Environment=, and then the files
 * of EnvironmentFile=, of which the later ones win (systemd.exec(5)).
 */
#pragma once

#include "base/fault.h"

struct environment {
	const char *unit;
	const char *assignments; /* the property Environment, as bus_service_get() reads it */
	const char *files;       /* the property EnvironmentFiles */
};

/*
 * The value that the service gets: 1, 0 if it gets none, or a negative errno and the fault: what
 * systemd would make of it cannot be told. *ret is valid only with 1.
 */
int environment_find(const struct environment *environment, const char *name,
		     struct text *ret, struct fault *fault);

/*
 * The same for the content of one such file: 1, 0, or -EINVAL. Versions of systemd read
 * backslashes differently, so a file with one that also mentions the name is -EINVAL.
 */
int environment_read(const char *content, const char *name, struct text *ret);
