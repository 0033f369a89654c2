/* entry.h - an entry of the ini: one of our keys, or a parameter of PostgreSQL. */
#pragma once

#include "base/ini.h"
#include "settings/settings.h"

/*
 * Stores the entry's value in settings; it may be taken apart. Returns 0, or
 * -EINVAL and a finding: an unknown section or key, or an invalid value. An unknown section
 * is reported only for its first entry.
 */
int entry_take(struct settings *settings, const struct ini *ini, struct ini_entry *entry,
	       struct findings *findings);
