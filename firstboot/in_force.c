#include "in_force.h"

#include "base/clock.h"
#include "base/file.h"
#include "configuration.h"
#include "previous.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { RELOAD_TIMEOUT_MS = 10 * 1000 };

/* When the last of the files was written. */
static double written_at(struct host *host)
{
	static const char *const files[] = { PGCONF_FILE, "postgresql.conf",
					     "pg_hba.conf", "postgresql.auto.conf" };
	double latest = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		STRING_AUTO path = text_format("%s/%s", host->cluster.path, files[i]);
		struct stat st;
		double written;

		if (stat(path, &st) < 0)
			continue;
		written = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
		if (written > latest)
			latest = written;
	}
	return latest;
}

/* When the server last read its files, as seconds since 1970. */
static int load_time(struct host *host, double *ret, struct fault *fault)
{
	RESULT_AUTO loaded = NULL;

	/* in whole numbers: extra_float_digits rounds others */
	if (host_query(host, "SELECT (extract(epoch FROM pg_conf_load_time()) * 1000000)::int8",
		       0, NULL, &loaded, fault) < 0)
		return -EIO;
	*ret = strtod(db_value(loaded, 0, 0), NULL) / 1e6;
	return 0;
}

int in_force_loaded(struct host *host, struct fault *fault)
{
	double loaded = 0, written = written_at(host);

	if (load_time(host, &loaded, fault) < 0)
		return -EIO;
	/* the clock was set back: a reload of ours has read files of the future */
	return written <= loaded || (host->reloaded && written > (double)time(NULL));
}

int in_force_reload(struct host *host, struct fault *fault)
{
	long long deadline = clock_ms() + RELOAD_TIMEOUT_MS;
	double before = 0, now = 0;
	int r = load_time(host, &before, fault);

	if (r == 0)
		r = db_exec(&host->db, "SELECT pg_reload_conf()", fault);
	/* the postmaster reads the files when it gets around to it */
	for (now = before; r == 0 && clock_ms() < deadline;) {
		r = load_time(host, &now, fault);
		if (r == 0 && now > before) {
			host->reloaded = true;
			return 0;
		}
		if (r == 0 && clock_sleep_ms(20) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
	return r < 0 ? r
		     : fault_set(fault, FAULT_RETRY,
				 "the server has not reloaded its configuration");
}

/* Lines of our file that another file overrides, or that the server does not accept. */
static enum step_state find_conflicts(struct host *host, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = host_query(host,
			   "SELECT DISTINCT f.name, coalesce(f.error, ''), coalesce(w.sourcefile, ''),"
			   " coalesce(w.sourceline, 0)"
			   " FROM pg_file_settings f"
			   " LEFT JOIN pg_file_settings w ON w.name = f.name AND w.applied"
			   " JOIN pg_settings s ON lower(s.name) = lower(f.name)"
			   " WHERE f.sourcefile LIKE '%/" PGCONF_FILE "' AND NOT f.applied"
			   /* errors that a restart resolves are covered by pending_restart */
			   " AND (f.error IS NULL OR s.context <> 'postmaster')",
			   0, NULL, &result, fault);

	if (r < 0)
		return STEP_REFUSED;
	if (!PQntuples(result))
		return STEP_DONE;
	if (*db_value(result, 0, 1)) {
		fault_set(fault, FAULT_OPERATOR, "the server does not accept \"%s\": %s",
			  db_value(result, 0, 0), db_value(result, 0, 1));
		return step_refused(fault, "Correct it in the ini, then run setup again.");
	}
	fault_set(fault, FAULT_OPERATOR, "\"%s\" is overridden by %s:%s",
		  db_value(result, 0, 0), db_value(result, 0, 2), db_value(result, 0, 3));
	return step_refused(fault,
			    "Run \"ALTER SYSTEM RESET %s\" as the superuser, or remove that line, then run setup again.",
			    db_value(result, 0, 0));
}

/* Does the server read our file at all, and does its command line override it? */
static enum step_state find_readers(struct host *host, struct fault *fault)
{
	RESULT_AUTO rows = NULL;
	RESULT_AUTO overruled = NULL;

	if (host_query(host,
		       "SELECT count(*), current_setting('config_file') FROM pg_file_settings"
		       " WHERE sourcefile LIKE '%/" PGCONF_FILE "'",
		       0, NULL, &rows, fault) < 0 ||
	    host_query(host,
		       "SELECT DISTINCT s.name, s.source FROM pg_settings s JOIN pg_file_settings f"
		       " ON lower(f.name) = lower(s.name)"
		       " WHERE f.sourcefile LIKE '%/" PGCONF_FILE "' AND s.setting <> f.setting"
		       " AND s.source IN ('command line', 'environment variable')",
		       0, NULL, &overruled, fault) < 0)
		return STEP_REFUSED;
	if (text_equal(db_value(rows, 0, 0), "0")) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server does not read \"%s/" PGCONF_FILE "\"",
			  host->cluster.path);
		fault_detail(fault, "Its configuration file is \"%s\".",
			     db_value(rows, 0, 1));
		return step_refused(fault,
				    "Append the line \"include '%s/" PGCONF_FILE
				    "'\" to that file, then run setup again.",
				    host->cluster.path);
	}
	if (PQntuples(overruled)) {
		fault_set(fault, FAULT_OPERATOR, "\"%s\" is overridden by the server's %s",
			  db_value(overruled, 0, 0), db_value(overruled, 0, 1));
		return step_refused(fault, "Remove it there, or from the ini.");
	}
	return STEP_DONE;
}

/* Adds the names of those of our parameters that need a restart. */
static int find_pending(struct host *host, struct text *ret, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = host_query(host,
			   "SELECT DISTINCT s.name FROM pg_settings s JOIN pg_file_settings f"
			   " ON lower(f.name) = lower(s.name)"
			   " WHERE s.pending_restart AND f.sourcefile LIKE '%/" PGCONF_FILE
			   "'",
			   0, NULL, &result, fault);

	for (int i = 0; r == 0 && i < PQntuples(result); i++)
		text_addf(ret, "%s%s", i ? ", " : "", db_value(result, i, 0));
	return r;
}

/* The same ones would keep it from starting again. */
static enum step_state refuse_rejected(const struct host *host, struct fault *fault)
{
	STRING_AUTO rejected = previous_rejected_path(host);

	fault_set(fault, FAULT_OPERATOR,
		  "the settings in the ini kept the server from working before");
	fault_detail(fault, "They are in \"%s\"; the server has those from before them.",
		     rejected);
	return step_refused(fault,
			    "Correct them in the ini, or, if the server would accept them now, remove that file; then run setup again.");
}

enum step_state in_force_check(struct host *host, struct text *detail, struct fault *fault)
{
	int loaded = in_force_loaded(host, fault);
	TEXT_AUTO pending = { 0 };

	if (loaded < 0 && host_excuses(host, fault))
		return step_needed(detail, "compare them in the server, once it runs");
	if (loaded < 0)
		return STEP_REFUSED;
	if (!loaded)
		return step_needed(detail, "reload the configuration");
	if (settings_were_rejected(host))
		return refuse_rejected(host, fault);
	if (find_readers(host, fault) == STEP_REFUSED)
		return host_excuses(host, fault)
			       ? step_needed(detail,
					     "compare them in the server, once they are written")
			       : STEP_REFUSED;
	if (find_conflicts(host, fault) == STEP_REFUSED ||
	    find_pending(host, &pending, fault) < 0)
		return STEP_REFUSED;
	if (!pending.len && previous_exists(host))
		return step_needed(detail, "all are in force: forget those from before");
	if (!pending.len)
		return step_done(detail, "all are in force");
	if (host->settings.allow_restart)
		return step_needed(detail, "restart the server for %s", text_str(&pending));
	fault_set(fault, FAULT_OPERATOR, "the server has to be restarted for %s",
		  text_str(&pending));
	return step_refused(fault,
			    "Restart it when it suits, or set allow_restart = on in section [common]; then run setup again.");
}

/* A reload has told which values the server does not accept: it goes back to those before. */
static int take_back(struct host *host, struct fault *fault)
{
	STRING_AUTO rejected = previous_rejected_path(host);
	FAULT_AUTO second = { 0 };

	if (previous_restore(host, &second) < 0 || in_force_reload(host, &second) < 0)
		fault_detail(fault, "The settings from before could not be restored: %s",
			     text_str(&second.message));
	else
		fault_detail(fault,
			     "The server has the settings from before again. The new ones are in \"%s\".",
			     rejected);
	return -EIO;
}

int in_force_apply(struct host *host, struct fault *fault)
{
	TEXT_AUTO pending = { 0 };
	int r = in_force_reload(host, fault);

	if (r == 0 && previous_exists(host) && find_conflicts(host, fault) == STEP_REFUSED)
		return fault->class == FAULT_OPERATOR ? take_back(host, fault) : -EIO;
	if (r == 0)
		r = find_pending(host, &pending, fault);
	if (r < 0 || (pending.len && !host->settings.allow_restart))
		return r;
	if (pending.len && server_start(host, true, fault) < 0)
		return server_undo(host, fault);
	previous_forget(host);
	return 0;
}
