#include "trial.h"

#include "base/file.h"
#include "configuration.h"
#include "postgresql/conf_lines.h"
#include "postgresql/mirror.h"
#include "recovery.h"
#include "scratch.h"

#include <errno.h>
#include <string.h>

/* --- what the server said --- */

#define LIBRARIES                                                                        \
	"Install that library on this host: to replay the WAL of an extension may need it. Or set the list without it in section [standby.settings]."
#define MEMORY                                                                           \
	"Set shared_buffers or huge_pages in section [standby.settings] to what this host has."

/* The first words that are found, in any case, decide. */
static const struct {
	const char *words;
	const char *hint;
} hints[] = {
	{ "unrecognized configuration parameter",
	  "Install the same version of PostgreSQL here as on the primary, or remove that parameter there." },
	{ "could not open configuration ",
	  "Create it on this host, or remove the line that includes it." },
	{ "could not access file", LIBRARIES },
	{ "could not load library", LIBRARIES },
	{ "shared memory", MEMORY },
	{ "huge pages", MEMORY },
	{ "timezone\"",
	  "Install the time zones that the primary has (tzdata), or set TimeZone and log_timezone in section [standby.settings]." },
	{ "incompatible with server",
	  "Install the same build of PostgreSQL here as on the primary." },
	{ "", "Set that parameter in section [standby.settings] to what this host can do, or change it on the primary." },
};

static const char *find_hint(const char *said)
{
	size_t i = 0;

	while (!strcasestr(said, hints[i].words))
		i++;
	return hints[i].hint;
}

/* Much of it comes from the primary: without control characters and our directory's name. */
static void add_shown(struct text *ret, const char *line, size_t len, const char *directory)
{
	size_t name_len = strlen(directory);

	while (len) {
		bool ours = len > name_len && strncmp(line, directory, name_len) == 0;
		size_t skip = ours ? name_len + 1 : 1;

		if (!ours)
			text_add_bytes(ret,
				       (unsigned char)*line < ' ' || *line == 0x7f ? " " : line,
				       1);
		line += skip;
		len -= skip;
	}
}

/*
 * The text of a line that gives a reason; NULL for any other. Errors in files are in lines
 * of their own, before one that says that there were some.
 */
static const char *reason_of(const char *line)
{
	static const char *const idle[] = {
		"LOG:  skipping missing",     "LOG:  starting PostgreSQL",
		"LOG:  listening on",         "LOG:  database system is shut down",
		"FATAL:  configuration file",
	};
	static const char *const labels[] = { "LOG:  ", "FATAL:  ", "PANIC:  ", "DETAIL:  " };

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (text_starts_with(line, idle[i]))
			return NULL;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (text_starts_with(line, labels[i]))
			return line + strlen(labels[i]);
	return NULL;
}

/* The first reason, and the others, one per line. */
static void find_reasons(const char *said, const char *directory, struct text *reason,
			 struct text *more)
{
	for (const char *line = said; *line; line += pgconf_line_length(line)) {
		const char *text = reason_of(line);

		if (!text)
			continue;
		if (more->len)
			text_add(more, "\n");
		add_shown(reason->len ? more : reason, text, strcspn(text, "\n"), directory);
	}
}

static int cannot(const struct host *host, const char *said, struct fault *fault)
{
	TEXT_AUTO reason = { 0 };
	TEXT_AUTO more = { 0 };

	find_reasons(said, host_directory(host), &reason, &more);
	fault_set(fault, FAULT_OPERATOR,
		  "this host cannot run with the primary's configuration: %s",
		  reason.len ? text_str(&reason) : "its server ended without a reason");
	if (more.len)
		fault_detail(fault, "%s", text_str(&more));
	return fault_hint(fault, "%s", find_hint(text_str(&reason)));
}

/* --- the trial --- */

/* What sessions load: one that is missing would keep everybody from logging in. */
static int list_libraries(struct host *host, struct text *ret, struct fault *fault)
{
	static const struct {
		const char *parameter, *folder;
	} lists[] = {
		{ "session_preload_libraries", "" },
		/* the only folder that they may be in (its manual page) */
		{ "local_preload_libraries", "$libdir/plugins/" },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		TEXT_AUTO value = { 0 };
		char *rest, *item;

		if (cluster_show_conf(host_directory(host), &host->programs,
				      lists[i].parameter, &value, fault) < 0)
			return -EIO;
		rest = value.s;
		while (rest && (item = strtok_r(rest, ",", &rest))) {
			item = text_trim(item);
			text_addf(ret, "%s%s%s", ret->len ? "," : "",
				  strchr(item, '/') ? "" : lists[i].folder, item);
		}
	}
	return 0;
}

static int try_libraries(struct host *host, struct fault *fault)
{
	TEXT_AUTO list = { 0 };
	TEXT_AUTO said = { 0 };
	int r = list_libraries(host, &list, fault);

	if (r < 0 || !list.len)
		return r;
	r = cluster_try(host_directory(host), &host->programs, text_str(&list), &said, fault);
	/* not all that sessions can load can be loaded by the server: only that it is there */
	if (r == 0 && find_hint(text_str(&said)) == find_hint("could not access file"))
		return cannot(host, text_str(&said), fault);
	return r < 0 ? r : 0;
}

/* With what is in host_directory(), as the standby's server will read it. */
static int try(struct host *host, struct fault *fault)
{
	FAULT_AUTO rejected = { 0 };
	TEXT_AUTO names = { 0 };
	TEXT_AUTO said = { 0 };
	int r = recovery_strip(host, &names, fault);

	if (r < 0)
		return r;
	/* if the server does not accept them, it says so below as well */
	(void)settings_apply(host, &rejected);
	r = cluster_try(host_directory(host), &host->programs, NULL, &said, fault);
	if (r == 0)
		return cannot(host, text_str(&said), fault);
	if (r > 0)
		r = try_libraries(host, fault);
	host->inherited_tried = r == 0;
	return r;
}

/* --- settings tried --- */

/*
 * Memory is no reason here: the running server has that which this one would need. Nor is an
 * included file, which may be missing only in the copy.
 */
static int judge_restart(const struct host *host, const char *said, struct fault *fault)
{
	TEXT_AUTO reason = { 0 };
	TEXT_AUTO more = { 0 };

	find_reasons(said, host_directory(host), &reason, &more);
	if (!reason.len || text_equal(find_hint(text_str(&reason)), MEMORY) ||
	    strstr(text_str(&reason), "could not open configuration "))
		return 0;
	fault_set(fault, FAULT_OPERATOR, "the server runs, but would not start again: %s",
		  text_str(&reason));
	if (more.len)
		fault_detail(fault, "%s", text_str(&more));
	return fault_hint(fault,
			  "Somebody has changed its configuration since it was started: correct that, then run setup again.");
}

/*
 * Settings may need a restart, which must not be tried with what else is in its files and not in
 * force yet: those from before would not bring the server back. A dry run writes nothing.
 */
static int try_restart(struct host *host, struct fault *fault)
{
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, host->cluster.trial);
	FAULT_AUTO refusal = { 0 };
	TEXT_AUTO said = { 0 };
	struct postmaster postmaster;
	int r;

	if (host->dry_run || !host_in_place(host) ||
	    cluster_postmaster(&host->cluster, &postmaster) <= 0 ||
	    settings_check(host, &said, &refusal) == STEP_DONE)
		return 0;
	text_reset(&said);
	r = scratch_open(host, fault);
	if (r == 0)
		r = mirror_from_directory(host->cluster.path, host_directory(host), fault);
	/* without ours: they are about to change */
	if (r == 0)
		r = file_put(ours, 0600, "", 0, fault);
	if (r == 0)
		r = cluster_try(host_directory(host), &host->programs, NULL, &said, fault);
	if (r == 0)
		r = judge_restart(host, text_str(&said), fault);
	scratch_close(host);
	return r < 0 ? r : 0;
}

/* Does our file say all that the ini sets? Then the server's program has accepted it. */
static bool are_written(const struct host *host)
{
	struct pgconf own = { 0 };
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO unreadable = { 0 };
	bool written = true;

	if (!host_in_place(host) ||
	    conf_lines_read(&lines, CONF_MAIN_FILE, host->cluster.path, &unreadable) < 0)
		return false;
	configuration_own(host, &own);
	for (size_t i = 0; written && i < own.count; i++) {
		const struct conf_line *line = conf_lines_find(&lines, own.items[i].name);

		written = line && line->origin == CONF_OURS &&
			  text_equal(line->value, own.items[i].value);
	}
	pgconf_free(&own);
	return written;
}

enum step_state tried_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct pgconf wanted = { 0 };
	TEXT_AUTO content = { 0 };
	TEXT_AUTO said = { 0 };
	TEXT_AUTO reasons = { 0 };
	int r;

	if (try_restart(host, fault) < 0)
		return STEP_REFUSED;
	if (are_written(host))
		return step_done(detail, "the server has accepted them before");
	r = configuration_wanted(host, &wanted, fault);
	pgconf_render(&wanted, host->role->name, &content);
	pgconf_free(&wanted);
	if (r == 0)
		r = cluster_try_conf(&host->programs, &content, &said, fault);
	if (r > 0)
		return step_done(detail, "the server accepts them");
	if (r < 0)
		return STEP_REFUSED;
	find_reasons(text_str(&said), host_directory(host), &reasons, &reasons);
	fault_set(fault, FAULT_OPERATOR, "the server does not accept the settings");
	fault_detail(fault, "%s", text_str(&reasons));
	return step_refused(fault,
			    "Correct the parameter in section [%s.settings] of the ini, then run setup again.",
			    host->role->name);
}

/* --- primary's settings --- */

enum step_state trial_before_check(struct host *host, struct text *detail, struct fault *fault)
{
	(void)fault;
	if (host->inherited_tried)
		return step_done(detail, "this host can run with them");
	if (host->cluster.keep)
		return step_done(detail, "those in the clone are tried instead");
	if (host->not_tried.len)
		return step_done(detail, "to be tried after the copy: %s",
				 text_str(&host->not_tried));
	return step_needed(detail, "fetch them, and try whether this host can run with them");
}

static int fetch_and_try(struct host *host, struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;

	host_login(host, &login);
	if (mirror_from_upstream(&login, host_directory(host), &refusal) == 0)
		return try(host, fault);
	/* a server set up by hand, or by an older setup, does not let them be read */
	add_shown(&host->not_tried, text_str(&refusal.message), refusal.message.len,
		  host_directory(host));
	return 0;
}

int trial_before_apply(struct host *host, struct fault *fault)
{
	int r = scratch_open(host, fault);

	if (r == 0)
		r = fetch_and_try(host, fault);
	scratch_close(host);
	return r;
}

/* --- inherited settings --- */

enum step_state trial_after_check(struct host *host, struct text *detail, struct fault *fault)
{
	(void)fault;
	if (host->inherited_tried)
		return step_done(detail, "this host can run with them");
	return step_needed(detail, "try whether this host can run with them");
}

int trial_after_apply(struct host *host, struct fault *fault)
{
	int r = scratch_open(host, fault);

	if (r == 0)
		r = mirror_from_directory(host->cluster.staging, host_directory(host), fault);
	if (r == 0)
		r = try(host, fault);
	scratch_close(host);
	return r;
}
