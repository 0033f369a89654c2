#include "present.h"

#include "base/file.h"
#include "settings/parameters.h"

#include <errno.h>

void present_free(struct present *present)
{
	conf_lines_free(&present->lines);
	pgconf_free(&present->defaults);
}

/* A connection, if a server runs that takes one: the files alone say enough. */
static struct db *running_db(struct host *host)
{
	FAULT_AUTO fault = { 0 };
	struct postmaster postmaster;

	return cluster_postmaster(&host->cluster, &postmaster) > 0 && postmaster.ready
		       ? host_db(host, &fault)
		       : NULL;
}

static int read_files(struct host *host, struct db *db, struct present *ret,
		      struct fault *fault)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", host->cluster.path);
	RESULT_AUTO file = NULL;

	if (db && db_query(db, "SHOW config_file", 0, NULL, &file, fault) < 0)
		return -EIO;
	ret->elsewhere = db && !file_is_same(db_value(file, 0, 0), path);
	return conf_lines_read(&ret->lines, ret->elsewhere ? db_value(file, 0, 0) : path,
			       host->cluster.path, fault);
}

/* Of what our session overrides, the server does not tell. */
static int ask_server(struct db *db, struct present *ret, struct fault *fault)
{
	RESULT_AUTO rows = NULL;
	int r = db_query(db,
			 "SELECT name, current_setting(name), source FROM pg_settings"
			 " WHERE source IN ('default', 'environment variable', 'command line')",
			 0, NULL, &rows, fault);

	for (int i = 0; r == 0 && i < PQntuples(rows); i++) {
		const char *name = db_value(rows, i, 0), *value = db_value(rows, i, 1);

		if (text_equal(db_value(rows, i, 2), "command line"))
			conf_lines_add(&ret->lines, name, value, "", 0, CONF_COMMAND_LINE);
		else
			pgconf_set(&ret->defaults, name, value);
	}
	return r;
}

/* A parameter that no line sets has its default, whichever directory is asked about. */
static int ask_program(const struct host *host, struct present *present, const char *name,
		       struct fault *fault)
{
	TEXT_AUTO value = { 0 };

	if (pgconf_get(&present->defaults, name) || conf_lines_find(&present->lines, name))
		return 0;
	if (cluster_show_conf(host->cluster.path, &host->programs, name, &value, fault) < 0)
		return -EIO;
	pgconf_set(&present->defaults, name, text_str(&value));
	return 0;
}

int present_look(struct host *host, struct present *ret, struct fault *fault)
{
	struct db *db = running_db(host);
	int r = read_files(host, db, ret, fault);

	if (r == 0 && db)
		r = ask_server(db, ret, fault);
	for (size_t i = 0; r == 0 && i < parameters_count; i++)
		if (parameters_know(parameters[i].name, host->programs.number))
			r = ask_program(host, ret, parameters[i].name, fault);
	return r;
}

const char *present_default(const struct host *host, struct present *present, const char *name)
{
	FAULT_AUTO fault = { 0 };

	(void)ask_program(host, present, name, &fault);
	return pgconf_get(&present->defaults, name);
}
