/*
 * command.h - what a PostgreSQL service runs: as whom, and on which data directory. It is what
 * systemd has loaded, drop-ins included, and is therefore what the next start does.
 */
#pragma once

#include "base/fault.h"

enum { COMMAND_PATH_MAX = 1024, COMMAND_USER_MAX = 64 };

struct command {
	char user[COMMAND_USER_MAX]; /* name or number; "": root, or a script changes it */
	/* -D of the command line, or PGDATA; "" if neither is set */
	char data_directory[COMMAND_PATH_MAX];
};

/*
 * A unit whose data directory cannot be told, or whose -D and PGDATA differ, is the operator's
 * fault.
 */
int command_look(const char *unit, struct command *ret, struct fault *fault);

/* Parses what bus_service_get() returned. Separate from its caller for the tests. */
int command_parse(const char *unit, char *output, struct command *ret, struct fault *fault);
