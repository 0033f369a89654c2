/*
 * role.h - what differs between the programs of a primary and a standby: primary.c and
 * standby.c define one role each, and main.c passes it to everything else.
 */
#pragma once

#include "settings/settings.h"

struct fault;
struct host;
struct step;

struct role {
	const char *name;    /* "primary" */
	const char *program; /* "pgrepl-primary" */
	enum settings_role settings;
	const struct step *steps;
	size_t steps_count;
	/* Reports rows V1 to V4 of the procedure; timeout_ms is for V4. */
	int (*verify)(struct host *host, long timeout_ms, struct fault *fault);
};

/* The one that is linked into this program. */
extern const struct role program_role;
