#include "configuration.h"

#include "base/file.h"
#include "allowed.h"
#include "postgresql/holdings.h"
#include "present.h"
#include "previous.h"
#include "settings/parameters.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	CONF_MAX = 4 * 1024 * 1024,
	SHOWN_MAX = 100,
};

/* The two files, as they are and as they should be. */
struct configuration {
	char *ours, *main; /* their paths */
	struct text ours_now, main_now;
	struct text ours_wanted, main_wanted;
	struct pgconf wanted;   /* what our file should say */
	struct present present; /* of a cluster in place; else empty */
	struct conf_lines staged; /* of one that is not: what initdb or the primary gave it */
};

static void configuration_free(struct configuration *files)
{
	text_drop(&files->ours);
	text_drop(&files->main);
	text_free(&files->ours_now);
	text_free(&files->main_now);
	text_free(&files->ours_wanted);
	text_free(&files->main_wanted);
	pgconf_free(&files->wanted);
	present_free(&files->present);
	conf_lines_free(&files->staged);
}

#define CONFIGURATION_AUTO CLEANUP(configuration_free) struct configuration

static struct parameters_asked asked_of(const struct host *host)
{
	return (struct parameters_asked){
		.settings = &host->settings,
		.role = host->role->settings,
		.major = host->programs.number,
		.wal_segment_bytes = holdings_segment_bytes(host_directory(host)),
	};
}

void configuration_own(const struct host *host, struct pgconf *ret)
{
	struct parameters_asked asked = asked_of(host);

	parameters_own(&asked, asked.role, ret);
}

/* present and staged: NULL of a cluster that is not in place, or not there. */
static void decide(const struct host *host, const struct present *present,
		   const struct conf_lines *staged, struct pgconf *ret)
{
	STRING_AUTO passfile = host_passfile(host);
	TEXT_AUTO conninfo = { 0 };
	struct replication_login login;
	struct parameters_asked asked = asked_of(host);

	asked.staged = staged;
	if (present) {
		asked.present = &present->lines;
		asked.defaults = &present->defaults;
	}
	if (asked.role == SETTINGS_STANDBY) {
		host_login(host, &login);
		replication_conninfo(&conninfo, &login, passfile, host->application_name);
		asked.primary_conninfo = text_str(&conninfo);
		asked.raised = host->upstream.raised;
	}
	parameters_decide(ret, &asked);
}

int configuration_wanted(const struct host *host, struct pgconf *ret, struct fault *fault)
{
	STRING_AUTO main = text_format("%s/postgresql.conf", host_directory(host));
	CONF_LINES_AUTO staged = { 0 };
	int r = host_in_place(host)
			? 0
			: conf_lines_read(&staged, main, host_directory(host), fault);

	if (r == 0)
		decide(host, NULL, &staged, ret);
	return r;
}

/* A primary that keeps its configuration elsewhere sends none: start from nothing. */
static int read_conf(const char *path, struct text *ret, struct fault *fault)
{
	int r = file_read(path, CONF_MAX, ret);

	return r == 0 || r == -ENOENT ? 0
				      : fault_errno(fault, FAULT_OPERATOR, r,
						    "could not read \"%s\"", path);
}

static int read_both(struct host *host, struct configuration *ret, struct fault *fault)
{
	bool in_place = host_in_place(host);
	struct pgconf spelt = { 0 };
	int r;

	ret->ours = text_format("%s/" PGCONF_FILE, host_directory(host));
	ret->main = text_format("%s/postgresql.conf", host_directory(host));
	r = read_conf(ret->ours, &ret->ours_now, fault);
	if (r == 0)
		r = read_conf(ret->main, &ret->main_now, fault);
	if (r == 0 && in_place)
		r = present_look(host, &ret->present, fault);
	else if (r == 0)
		r = conf_lines_read(&ret->staged, ret->main, host_directory(host), fault);
	if (r < 0)
		return r;
	decide(host, in_place ? &ret->present : NULL, &ret->staged, &ret->wanted);
	pgconf_merge(&spelt, &ret->wanted);
	parameters_spell(&spelt, in_place ? &ret->present.lines : &ret->staged);
	pgconf_render(&spelt, host->role->name, &ret->ours_wanted);
	pgconf_free(&spelt);
	if (ret->present.elsewhere || pgconf_has_include(text_str(&ret->main_now)))
		text_add(&ret->main_wanted, text_str(&ret->main_now));
	else
		pgconf_add_include(text_str(&ret->main_now), &ret->main_wanted);
	if (ret->present.elsewhere && !file_exists(ret->ours)) {
		fault_set(fault, FAULT_OPERATOR, "the server does not read \"%s\"",
			  ret->ours);
		return fault_hint(fault,
				  "Append the line \"include '%s'\" to its config_file and create that file, empty, then run setup again.",
				  ret->ours);
	}
	return allowed_check(host, &ret->wanted, &ret->present, fault);
}

/* --- what changes: "old -> new", with the origin of the old value --- */

/* Others read the journal: what can hold a password is not shown. */
static bool is_private(const char *name)
{
	static const char *const ends[] = { "conninfo", "_command" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len >= strlen(ends[i]) &&
		    text_equal(name + len - strlen(ends[i]), ends[i]))
			return true;
	/* an extension's */
	return strchr(name, '.');
}

static void add_value(struct text *ret, const char *name, const char *value)
{
	if (!value)
		text_add(ret, "the default");
	else if (!*value)
		text_add(ret, "''");
	else if (is_private(name))
		text_add(ret, "(not shown)");
	else
		text_add_shown(ret, value, strlen(value), SHOWN_MAX);
}

static void add_change(const struct host *host, struct configuration *files,
		       const char *name, struct text *ret)
{
	const struct conf_line *line = conf_lines_find(&files->present.lines, name);
	const struct conf_line *others = conf_lines_find_others(&files->present.lines, name);
	const char *before = line ? line->value
				  : present_default(host, &files->present, name);
	const char *after = pgconf_get(&files->wanted, name);

	if (!after || (others && conf_line_is_beyond(others)))
		after = others ? others->value : pgconf_get(&files->present.defaults, name);
	if (before && after && text_equal(before, after))
		return;
	text_addf(ret, "\n%s: ", name);
	add_value(ret, name, before);
	text_add(ret, " -> ");
	add_value(ret, name, after);
	text_add(ret, " (was ");
	if (line)
		conf_line_add_origin(ret, line);
	else
		text_add(ret, "the default");
	text_add(ret, ")");
}

/* Of a new cluster, nothing was there before. */
static void add_changes(const struct host *host, struct configuration *files, struct text *ret)
{
	const struct conf_lines *lines = &files->present.lines;

	if (!host_in_place(host))
		return;
	for (size_t i = 0; i < files->wanted.count; i++)
		add_change(host, files, files->wanted.items[i].name, ret);
	for (size_t i = 0; i < lines->count; i++)
		if (lines->items[i].origin == CONF_OURS &&
		    !pgconf_get(&files->wanted, lines->items[i].name))
			add_change(host, files, lines->items[i].name, ret);
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
		return step_done(detail, "%zu in %s", files.wanted.count, files.ours);
	/* the server has to run before anybody is told: "settings in force" refuses it */
	if (host_in_place(host) && previous_rejected(host, text_str(&files.ours_wanted)))
		return step_done(detail,
				 "as they were: the server did not start with others");
	text_addf(detail, "write %zu to %s", files.wanted.count, files.ours);
	add_changes(host, &files, detail);
	return STEP_NEEDED;
}

/* What an adopted cluster is refused for is known before anything is changed. */
enum step_state settings_look(struct host *host, struct text *detail, struct fault *fault)
{
	STRING_AUTO main = text_format("%s/postgresql.conf", host->cluster.path);
	CONFIGURATION_AUTO files = { 0 };
	TEXT_AUTO unused = { 0 };

	if (!host_in_place(host)) {
		decide(host, NULL, NULL, &files.wanted);
		if (allowed_check(host, &files.wanted, &files.present, fault) < 0)
			return STEP_REFUSED;
		return step_done(detail, "a new cluster can have them");
	}
	if (access(main, R_OK) < 0)
		return step_done(detail, "%s cannot be read as %s yet", main,
				 host->superuser);
	if (settings_check(host, &unused, fault) == STEP_REFUSED)
		return STEP_REFUSED;
	return step_done(detail, "%s can have them", host->cluster.path);
}

bool settings_were_rejected(struct host *host)
{
	STRING_AUTO rejected = previous_rejected_path(host);
	CONFIGURATION_AUTO files = { 0 };
	FAULT_AUTO fault = { 0 };

	return file_exists(rejected) && read_both(host, &files, &fault) == 0 &&
	       !text_equal(text_str(&files.ours_now), text_str(&files.ours_wanted)) &&
	       previous_rejected(host, text_str(&files.ours_wanted));
}

static int put(const char *path, const struct text *content, struct fault *fault)
{
	return file_put(path, FILE_KEEP_MODE, text_str(content), content->len, fault);
}

int settings_apply(struct host *host, struct fault *fault)
{
	CONFIGURATION_AUTO files = { 0 };
	bool in_place = host_in_place(host);
	int r = read_both(host, &files, fault);

	if (r == 0 && in_place)
		r = previous_keep(host, &files.present.lines, fault);
	/* ours before the line that includes it: the server may read both any time */
	if (r == 0)
		r = put(files.ours, &files.ours_wanted, fault);
	if (r == 0)
		r = put(files.main, &files.main_wanted, fault);
	/* of a clone, those that it has from its primary */
	if (r == 0 && !in_place)
		previous_forget(host);
	if (r == 0)
		previous_accept(host);
	return r;
}
