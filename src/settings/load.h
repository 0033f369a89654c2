/* load.h - reads and guards the ini file. */
#pragma once

#include "base/findings.h"
#include "settings/settings.h"

#define SETTINGS_DEFAULT_PATH "/etc/pgrepl.ini"

/*
 * Reads findings->path for a host of this role. Every section is checked, because one file
 * can serve all hosts; required keys depend on the role. Files with passwords that others
 * can write are refused, and those that others can read cause a warning; with tighten, the
 * mode of the ini itself is then set to 0600. Returns 0 and ret, to be freed with
 * settings_free(), or -EINVAL and all the errors in the file.
 */
int settings_load(struct settings *ret, enum settings_role role, bool tighten,
		  struct findings *findings);
/* Logs what is valid, but hardly meant; no value of a secret. */
void settings_warn(const struct settings *settings);
void settings_free(struct settings *settings);
