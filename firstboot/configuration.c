#include "configuration.h"

#include "base/file.h"
#include "scratch.h"
#include "settings/parameters.h"

#include <errno.h>
#include <unistd.h>

enum { CONF_MAX = 4 * 1024 * 1024 };

/* The two files, as they are and as they should be. */
struct configuration {
	char *ours, *main; /* their paths */
	struct text ours_now, main_now;
	struct text ours_wanted, main_wanted;
	size_t count; /* of parameters */
};

static void configuration_free(struct configuration *files)
{
	text_drop(&files->ours);
	text_drop(&files->main);
	text_free(&files->ours_now);
	text_free(&files->main_now);
	text_free(&files->ours_wanted);
	text_free(&files->main_wanted);
}

#define CONFIGURATION_AUTO CLEANUP(configuration_free) struct configuration

void configuration_wanted(const struct host *host, struct pgconf *ret)
{
	STRING_AUTO passfile = NULL;
	TEXT_AUTO conninfo = { 0 };
	struct replication_login login;

	if (host->role->settings == SETTINGS_PRIMARY) {
		parameters_of_primary(ret, &host->settings, host->programs.major);
		return;
	}
	passfile = host_passfile(host);
	host_login(host, &login);
	replication_conninfo(&conninfo, &login, passfile, host->application_name);
	parameters_of_standby(ret, &host->settings, host->programs.major,
			      text_str(&conninfo), host->upstream.raised);
}

/* A primary that keeps its configuration elsewhere sends none: start from nothing. */
static int read_conf(const char *path, struct text *ret, struct fault *fault)
{
	int r = file_read(path, CONF_MAX, ret);

	return r == 0 || r == -ENOENT ? 0
				      : fault_errno(fault, FAULT_OPERATOR, r,
						    "could not read \"%s\"", path);
}

static int read_both(const struct host *host, struct configuration *ret, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r;

	ret->ours = text_format("%s/" PGCONF_FILE, host_directory(host));
	ret->main = text_format("%s/postgresql.conf", host_directory(host));
	r = read_conf(ret->ours, &ret->ours_now, fault);
	if (r == 0)
		r = read_conf(ret->main, &ret->main_now, fault);
	if (r < 0)
		return r;
	configuration_wanted(host, &conf);
	pgconf_render(&conf, host->role->name, &ret->ours_wanted);
	ret->count = conf.count;
	pgconf_free(&conf);
	if (pgconf_has_include(text_str(&ret->main_now)))
		text_add(&ret->main_wanted, text_str(&ret->main_now));
	else
		pgconf_add_include(text_str(&ret->main_now), &ret->main_wanted);
	return 0;
}

/* --- settings (P10, S4) --- */

enum step_state settings_check(struct host *host, struct text *detail, struct fault *fault)
{
	CONFIGURATION_AUTO files = { 0 };

	/* some values depend on the primary, which need not answer in a dry run */
	if (host->role->settings == SETTINGS_STANDBY && !host->upstream_known) {
		text_add(detail, "to be compared when the primary answers");
		return host_in_place(host) ? STEP_DONE : STEP_NEEDED;
	}
	if (read_both(host, &files, fault) < 0)
		return STEP_REFUSED;
	if (text_equal(text_str(&files.ours_now), text_str(&files.ours_wanted)) &&
	    text_equal(text_str(&files.main_now), text_str(&files.main_wanted)))
		return step_done(detail, "%zu in %s", files.count, files.ours);
	return step_needed(detail, "write %zu to %s", files.count, files.ours);
}

static int put(const char *path, const struct text *content, struct fault *fault)
{
	return file_put(path, FILE_KEEP_MODE, text_str(content), content->len, fault);
}

/* An adopted cluster gets its files back: it has to come up at the next boot. */
static void put_back(const struct configuration *files)
{
	FAULT_AUTO second = { 0 };

	(void)put(files->main, &files->main_now, &second);
	if (files->ours_now.len)
		(void)put(files->ours, &files->ours_now, &second);
	else
		(void)unlink(files->ours);
}

int settings_apply(struct host *host, struct fault *fault)
{
	CONFIGURATION_AUTO files = { 0 };
	TEXT_AUTO value = { 0 };
	int r = read_both(host, &files, fault);

	/* ours before the line that includes it: the server may read both any time */
	if (r == 0)
		r = put(files.ours, &files.ours_wanted, fault);
	if (r == 0)
		r = put(files.main, &files.main_wanted, fault);
	if (r < 0)
		return r;
	/* whatever it is asked for, it has to accept them all */
	r = cluster_show_conf(host_directory(host), &host->programs, "config_file",
			      &value, fault);
	if (r < 0 && host_in_place(host))
		put_back(&files);
	return r;
}

/* --- settings tried --- */

enum step_state tried_check(struct host *host, struct text *detail, struct fault *fault)
{
	(void)fault;
	text_add(detail, host->settings_tried ? "the server accepts them"
					      : "try them with the server's program");
	return host->settings_tried ? STEP_DONE : STEP_NEEDED;
}

int tried_apply(struct host *host, struct fault *fault)
{
	int r = scratch_open(host, fault);

	if (r == 0)
		r = settings_apply(host, fault);
	host->settings_tried = r == 0;
	scratch_close(host);
	return r;
}
