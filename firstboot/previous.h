/*
 * previous.h - the settings that the server is known to have run with, kept while new ones are
 * in the files but not yet in force, however long that takes: a server that does not start with
 * the new ones gets them back, even if an earlier run has written the new ones.
 *
 * They are in PGDATA, beside our file: PGCONF_FILE ".previous", and after that was needed, the
 * settings that did not work in PGCONF_FILE ".rejected", so that no run tries the same again.
 */
#pragma once

#include "host.h"
#include "postgresql/conf_lines.h"

/* Keeps what our file says and wins with in lines, unless something older is kept. */
int previous_keep(const struct host *host, const struct conf_lines *lines,
		  struct fault *fault);

bool previous_exists(const struct host *host);

/* Gives our file its previous content, or removes it; what it had is rejected. */
int previous_restore(const struct host *host, struct fault *fault);

/* The new ones are in force. */
void previous_forget(const struct host *host);

/* Were exactly these rejected? Whoever writes others takes that back. */
bool previous_rejected(const struct host *host, const char *content);
void previous_accept(const struct host *host);

/* For hints: the path of what was rejected. The caller frees it. */
char *previous_rejected_path(const struct host *host);
