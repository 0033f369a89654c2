#include "server_log.h"

#include "base/clock.h"
#include "base/complaint.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum {
	FILES_MAX = 4096,
	CURRENT_MAX = 16 * 1024,
	/* the collector writes what it was given even after the server has ended */
	COLLECTED_MS = 1000,
};

char *server_log_path(const struct host *host, const char *name)
{
	return *name == '/' ? text_copy(name)
			    : text_format("%s/%s", host->cluster.path, name);
}

void server_log_free(struct server_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		text_drop(&log->files[i].name);
	free(log->files);
	text_drop(&log->own);
	text_drop(&log->directory);
}

static void mark_directory(struct server_log *ret)
{
	DIR_AUTO dir = opendir(ret->directory);
	const struct dirent *entry = NULL;
	struct stat st;

	while (dir && ret->count < FILES_MAX && (entry = file_next(dir))) {
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (ret->count % 64 == 0)
			ret->files = mem_resize(ret->files,
						(ret->count + 64) * sizeof(*ret->files));
		ret->files[ret->count++] = (struct server_log_file){
			.name = text_copy(entry->d_name),
			.size = st.st_size,
		};
	}
	ret->whole = !entry;
}

char *server_log_own(const struct host *host)
{
	const struct cluster *cluster = &host->cluster;

	/* beside PGDATA if files can be created there, like the password file */
	return cluster->inside ? text_format("%s/server.log", cluster->path)
			       : text_format("%s.log", cluster->path);
}

void server_log_mark(const struct host *host, struct server_log *ret)
{
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO directory = { 0 };
	struct stat st;

	ret->own = server_log_own(host);
	ret->own_size = stat(ret->own, &st) == 0 ? st.st_size : 0;
	if (cluster_show_conf(host->cluster.path, &host->programs, "log_directory",
			      &directory, &fault) < 0)
		return;
	ret->directory = server_log_path(host, text_str(&directory));
	mark_directory(ret);
}

/* What a file had before the start; -1: not known. */
static long long size_before(const struct server_log *log, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!log->directory || strlen(log->directory) != len ||
	    strncmp(log->directory, path, len) != 0)
		return -1;
	for (size_t i = 0; i < log->count; i++)
		if (text_equal(log->files[i].name, slash + 1))
			return log->files[i].size;
	return log->whole ? 0 : -1;
}

/* The collector names its files in current_logfiles: "stderr log/postgresql-Wed.log" */
static bool quote_current(const struct host *host, const struct server_log *log,
			  struct text *ret, char **ret_path)
{
	STRING_AUTO path = server_log_path(host, "current_logfiles");
	TEXT_AUTO list = { 0 };
	bool found = false;

	if (file_read(path, CURRENT_MAX, &list) < 0)
		return false;
	for (char *line = list.s, *next; line && *line && !found; line = next) {
		char *name = strchr(line, ' ');
		STRING_AUTO file = NULL;
		long long before;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (!name || name > next)
			continue;
		file = server_log_path(host, name + 1);
		before = size_before(log, file);
		found = before >= 0 && complaint_find_in(file, before, complaint_fatal, ret);
		if (found) {
			*ret_path = file;
			file = NULL;
		}
	}
	return found;
}

static bool quote_collector(const struct host *host, const struct server_log *log,
			    struct text *ret, char **ret_path)
{
	long long deadline = clock_ms() + COLLECTED_MS;
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO collector = { 0 };

	if (cluster_show_conf(host->cluster.path, &host->programs, "logging_collector",
			      &collector, &fault) < 0 ||
	    !text_equal(text_str(&collector), "on"))
		return false;
	while (!quote_current(host, log, ret, ret_path))
		if (clock_ms() >= deadline || clock_sleep_ms(20) < 0)
			return false;
	return true;
}

bool server_log_quote(const struct host *host, const struct server_log *log,
		      struct text *ret, char **ret_path)
{
	/* what keeps it from starting at all, the server says before there is a collector */
	bool own = host->settings.server_control == SERVER_CONTROL_PG_CTL;

	if ((!own || !complaint_find_in(log->own, log->own_size, complaint_fatal, ret)) &&
	    quote_collector(host, log, ret, ret_path))
		return true;
	*ret_path = text_copy(log->own);
	return own && ret->len;
}
