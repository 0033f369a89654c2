/*
 * load.h - reads and guards the ini file.
 */
#ifndef PGREPL_LOAD_H
#define PGREPL_LOAD_H

#include "base/fault.h"
#include "settings/settings.h"

#define SETTINGS_DEFAULT_PATH "/etc/pgrepl.ini"

/*
 * Reads path for a host of this role. Every section is checked, whichever the role, since
 * one file can serve all hosts; what is required is required of the role. Files with
 * passwords that others can write are refused, those that others can read are warned of;
 * with tighten, the ini itself is then made 0600. Fills ret, which settings_free()
 * empties, or fault.
 */
int settings_load(struct settings *ret, const char *path, enum settings_role role,
		  bool tighten, struct fault *fault);
void settings_free(struct settings *settings);

#endif
