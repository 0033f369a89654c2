/*
 * entry.h - what one line of the ini says: a key of ours, or a parameter of PostgreSQL.
 */
#ifndef PGREPL_ENTRY_H
#define PGREPL_ENTRY_H

#include "base/ini.h"
#include "settings/settings.h"

/*
 * Puts what it says into settings; its value may be taken apart. 0, or -EINVAL and the
 * fault, with file and line: an unknown section or key, or a value that its key does not
 * take.
 */
int entry_take(struct settings *settings, const struct ini *ini, struct ini_entry *entry,
	       struct fault *fault);

#endif
