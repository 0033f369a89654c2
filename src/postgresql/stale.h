/*
 * stale.h - files that a base backup brings along from the data directory of another server
 * and that must not stay in a clone.
 */
#pragma once

#include "base/fault.h"

/*
 * Removes them from a fresh clone, before anything else is written there: left-overs of
 * other backups, recoveries and programs, the primary's private TLS key with its
 * certificate, also under the name that its configuration has for it; and links, except for
 * those of tablespaces. Never backup_label and
 * tablespace_map, which belong to this clone.
 */
int stale_remove(const char *directory, struct fault *fault);
