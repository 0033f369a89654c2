/*
 * server_log.h - where a server that is about to be started will write, so that if it fails, its
 * own words can be quoted, and only those of this start.
 */
#pragma once

#include "host.h"

/*
 * The path of the log of a server that is started with pg_ctl, unless its logging collector is on.
 * The caller frees it.
 */
char *server_log_own(const struct host *host);

/* The path of a log that the server names, relative to its data directory or not. The caller frees it. */
char *server_log_path(const struct host *host, const char *name);

struct server_log {
	char *own; /* of a server started with pg_ctl, until its collector takes over */
	long long own_size;
	char *directory; /* the collector's */
	struct server_log_file {
		char *name;
		long long size;
	} * files; /* in it, before the start */
	size_t count;
	bool whole; /* those are all */
};

void server_log_free(struct server_log *log);
#define SERVER_LOG_AUTO CLEANUP(server_log_free) struct server_log

/* To be called before the start. */
void server_log_mark(const struct host *host, struct server_log *ret);

/*
 * After it has failed: the last FATAL line, and the path of the file that it is in. False if
 * there is none; then ret_path is the file to look into. The caller frees it.
 */
bool server_log_quote(const struct host *host, const struct server_log *log,
		      struct text *ret, char **ret_path);
