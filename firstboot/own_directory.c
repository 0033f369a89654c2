#include "own_directory.h"

#include "base/file.h"
#include "postgresql/conf_lines.h"

static enum step_state compare(const struct host *host, const char *named,
			       struct text *detail, struct fault *fault)
{
	const char *directory = host_directory(host);
	STRING_AUTO real = file_real_path(named);

	if (file_is_same(named, directory) || (real && text_equal(real, host->cluster.path)))
		return step_done(detail, "%s", named);
	fault_set(fault, FAULT_OPERATOR,
		  "the configuration in \"%s\" names \"%s\" as the data directory",
		  directory, named);
	fault_detail(fault, "The server would be started on another cluster.");
	return step_refused(fault,
			    "Remove data_directory from \"%s/postgresql.conf\" and from the files that it includes, then run setup again.",
			    directory);
}

/* Mostly it does not, and then there is no need to run the server's program. */
static bool names_one(const char *directory)
{
	CONF_LINES_AUTO lines = { 0 };
	FAULT_AUTO fault = { 0 };

	return conf_lines_read(&lines, CONF_MAIN_FILE, directory, &fault) < 0 ||
	       conf_lines_find(&lines, "data_directory");
}

enum step_state own_directory_check(struct host *host, struct text *detail, struct fault *fault)
{
	FAULT_AUTO rejected = { 0 };
	TEXT_AUTO named = { 0 };

	if (!host_in_place(host))
		return step_done(detail, "not there yet");
	if (!names_one(host->cluster.path))
		return step_done(detail, "%s", host->cluster.path);
	/* errors are reported when the settings are written, which may remove them */
	if (cluster_show_conf(host->cluster.path, &host->programs, "data_directory",
			      &named, &rejected) < 0)
		return step_done(detail, "not known: the configuration has errors");
	return compare(host, text_str(&named), detail, fault);
}

enum step_state staged_directory_check(struct host *host, struct text *detail,
				       struct fault *fault)
{
	TEXT_AUTO named = { 0 };

	if (host->dry_run)
		return step_done(detail, "to be checked once the clone is complete");
	if (cluster_show_conf(host->cluster.staging, &host->programs, "data_directory",
			      &named, fault) < 0)
		return STEP_REFUSED;
	return compare(host, text_str(&named), detail, fault);
}
