#include "rules.h"

#include "base/file.h"
#include "in_force.h"
#include "logins.h"
#include "postgresql/conf_lines.h"
#include "postgresql/guc.h"
#include "postgresql/hba_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HBA_MAX = 4 * 1024 * 1024 };

/* The file as it is, and as it should be. */
struct plan {
	char *path, *self;
	struct hba hba;
	struct text now, wanted;
	struct hba_file file; /* now, in lines */
	size_t *before;       /* the places of our rules in it */
	struct text notes;
};

static void plan_free(struct plan *plan)
{
	text_drop(&plan->path);
	text_drop(&plan->self);
	hba_close(&plan->file);
	text_free(&plan->now);
	text_free(&plan->wanted);
	text_free(&plan->notes);
	free(plan->before);
}

#define PLAN_AUTO CLEANUP(plan_free) struct plan

static bool plan_holds(const struct plan *plan)
{
	return plan->wanted.len && text_equal(text_str(&plan->now), text_str(&plan->wanted));
}

static int scan(const struct host *host, const char *path, const struct text *content,
		struct hba_file *ret, struct fault *fault)
{
	size_t number = 0;
	int r = hba_scan(ret, text_str(content), host->programs.major, &number);

	if (strlen(text_str(content)) < content->len) {
		fault_set(fault, FAULT_OPERATOR, "\"%s\" is not a text file", path);
		return fault_hint(fault, "Remove the NUL bytes from it.");
	}
	if (r == -EINVAL) {
		fault_set(fault, FAULT_OPERATOR, "the pgrepl block in \"%s\" has no end",
			  path);
		fault_detail(fault, "It begins in line %zu.", number);
		fault_hint(fault,
			   "Put the line \"# END pgrepl\" back after it, or remove its first line.");
	} else if (r < 0) {
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%zu: this rule is in a pgrepl block, but is not pgrepl's",
			  path, number);
		fault_hint(fault,
			   "Move it out of the block, which setup writes again, to where it should stand.");
	}
	return r;
}

static int plan_read(const struct host *host, struct plan *plan, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	int r = file_read(plan->path, HBA_MAX, &plan->now);

	plan->hba = (struct hba){
		.user = settings->replication_user,
		.method = settings->auth_method,
		.tls = settings->tls,
		.self = HBA_SAMEHOST,
		.networks = &settings->standby_networks,
	};
	plan->before = mem_zalloc(hba_targets(&plan->hba) * sizeof(*plan->before));
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   plan->path);
	return scan(host, plan->path, &plan->now, &plan->file, fault);
}

static void describe(const struct host *host, const struct plan *plan, struct text *detail)
{
	const struct settings *settings = &host->settings;

	text_addf(detail, "%s for %zu network%s%s%s", settings->tls ? "hostssl" : "host",
		  settings->standby_networks.count,
		  text_s((long)settings->standby_networks.count),
		  plan->hba.applications ? ", and for applications" : "",
		  text_str(&plan->notes));
}

static char *path_of(const struct host *host, const struct conf_lines *lines,
		     const char *parameter, const char *usual)
{
	const struct conf_line *line = conf_lines_find(lines, parameter);

	return conf_path(host->cluster.path, line ? line->value : usual);
}

/* Of a FIFO, a server that starts would wait for the writer. */
static int check_file(const struct host *host, const struct conf_lines *lines,
		      const char *parameter, const char *usual, struct fault *fault)
{
	STRING_AUTO path = path_of(host, lines, parameter, usual);
	FD_AUTO fd = file_open(path);

	if (fd != -FILE_NOT_REGULAR)
		return 0;
	fault_errno(fault, FAULT_OPERATOR, fd, "could not open \"%s\"", path);
	return fault_hint(fault, "Put the server's own file there, then run setup again.");
}

/* Does it let in whoever uses TLS, without a password or certificate? */
static bool is_open_to_tls(const struct hba_line *line)
{
	enum { TYPE, DATABASE, ROLE, ADDRESS };
	STRING_AUTO rule = text_format("%.*s", (int)line->len, line->s);
	char *rest = rule, *word;
	bool tls = false;

	for (int i = TYPE; (word = strtok_r(rest, " \t\r\n", &rest)); i++) {
		if (i == TYPE)
			tls = text_equal(word, "hostssl");
		/* an address may have a mask */
		if (tls && i > ADDRESS &&
		    (text_equal(word, "trust") || text_equal(word, "ident")))
			return true;
	}
	return false;
}

/* Without ssl, the server passes over rules for TLS: with it, they would let somebody in. */
static int check_dormant(const struct host *host, const struct conf_lines *lines,
			 struct fault *fault)
{
	const struct conf_line *ssl = conf_lines_find(lines, "ssl");
	STRING_AUTO path = path_of(host, lines, "hba_file", "pg_hba.conf");
	TEXT_AUTO content = { 0 };
	HBA_AUTO file = { 0 };
	size_t number;
	double on;

	if (!host->settings.tls ||
	    (ssl && guc_measure(ssl->value, guc_switch, 1, &on) && on > 0) ||
	    file_read(path, HBA_MAX, &content) < 0 ||
	    hba_scan(&file, text_str(&content), host->programs.major, &number) < 0)
		return 0;
	for (size_t i = 0; i < file.count; i++) {
		if (file.lines[i].block || !is_open_to_tls(&file.lines[i]))
			continue;
		fault_set(fault, FAULT_OPERATOR,
			  "%s:%zu: this rule has no effect while ssl is off, but would let clients in without a password once setup turns it on",
			  path, file.lines[i].number);
		return fault_hint(fault,
				  "Remove the rule, or set ssl = on yourself if you want it, or set tls = off in the ini of all hosts.");
	}
	return 0;
}

static int check_files(const struct host *host, struct fault *fault)
{
	CONF_LINES_AUTO lines = { 0 };
	int r = conf_lines_read(&lines, CONF_MAIN_FILE, host->cluster.path, fault);

	if (r == 0)
		r = check_file(host, &lines, "hba_file", "pg_hba.conf", fault);
	if (r == 0)
		r = check_file(host, &lines, "ident_file", "pg_ident.conf", fault);
	if (r == 0)
		r = check_dormant(host, &lines, fault);
	return r;
}

/* A server that does not run, or that we cannot log in to, is for later steps. */
enum step_state rules_valid_check(struct host *host, struct text *detail, struct fault *fault)
{
	FAULT_AUTO unreachable = { 0 };

	if (host_in_place(host) && check_files(host, fault) < 0)
		return STEP_REFUSED;
	if (!host_in_place(host) || !host_db(host, &unreachable))
		return step_done(detail, "no server to ask yet");
	if (hba_rules_valid(&host->db, fault) < 0)
		return STEP_REFUSED;
	return step_done(detail, "the server accepts its file");
}

/* --- in a new cluster: initdb's file, which overrides nobody's rules --- */

static int plan_new(const struct host *host, struct plan *plan, struct fault *fault)
{
	int r;

	plan->path = text_format("%s/pg_hba.conf", host_directory(host));
	r = plan_read(host, plan, fault);
	plan->hba.applications = host->settings.application_access != APPLICATION_ACCESS_OFF;
	if (r < 0)
		return r;
	hba_keep_places(&plan->file, &plan->hba, plan->before);
	for (size_t i = 0; i < hba_targets(&plan->hba); i++)
		if (!plan->before[i])
			plan->before[i] = hba_first_host(&plan->file);
	hba_merge(&plan->file, &plan->hba, plan->before, &plan->wanted);
	return 0;
}

enum step_state rules_file_check(struct host *host, struct text *detail, struct fault *fault)
{
	PLAN_AUTO plan = { 0 };
	int r = plan_new(host, &plan, fault);

	if (r < 0 && !host_excuses(host, fault))
		return STEP_REFUSED;
	describe(host, &plan, detail);
	return plan_holds(&plan) ? STEP_DONE : STEP_NEEDED;
}

int rules_file_apply(struct host *host, struct fault *fault)
{
	PLAN_AUTO plan = { 0 };
	int r = plan_new(host, &plan, fault);

	return r < 0 ? r
		     : file_put(plan.path, FILE_KEEP_MODE, text_str(&plan.wanted),
				plan.wanted.len, fault);
}

/* --- in a running server: the administrator's rules come first --- */

static int find_path(struct host *host, char **ret, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = host_query(host, "SHOW hba_file", 0, NULL, &result, fault);

	if (r == 0)
		*ret = text_copy(db_value(result, 0, 0));
	return r;
}

/* This host's own rule is for no more than the address that it logs in from. */
static void choose_self(const struct host *host, struct plan *plan)
{
	const char *address = hba_rules_address(host->listen_host);

	plan->self = text_format("%s/%d", address, strchr(address, ':') ? 128 : 32);
	if (!hba_place(&plan->file, &plan->hba, 0))
		plan->hba.self = plan->self;
}

static int find_places(struct host *host, struct plan *plan, struct fault *fault)
{
	int r = hba_rules_valid(&host->db, fault);

	if (r == 0)
		r = login_find_host(host, fault);
	if (r < 0)
		return r;
	choose_self(host, plan);
	return hba_rules_place(&host->db, &plan->hba, &plan->file, host->programs.major,
			       hba_rules_address(host->listen_host), plan->before,
			       &plan->notes, fault);
}

/* Without a server, which only a dry run can be, the places are those that they have. */
static int plan_running(struct host *host, bool running, struct plan *plan, struct fault *fault)
{
	const long access = host->settings.application_access;
	int r = 0;

	if (running)
		r = find_path(host, &plan->path, fault);
	else
		plan->path = text_format("%s/pg_hba.conf", host->cluster.path);
	if (r == 0)
		r = plan_read(host, plan, fault);
	/* by default, as it is: an adopted cluster has none of ours */
	plan->hba.applications = access == APPLICATION_ACCESS_ON ||
				 (access == APPLICATION_ACCESS_AUTO &&
				  hba_has_applications(&plan->file));
	if (r == 0 && running)
		r = find_places(host, plan, fault);
	if (r < 0)
		return r;
	if (!running) {
		choose_self(host, plan);
		hba_keep_places(&plan->file, &plan->hba, plan->before);
	}
	hba_merge(&plan->file, &plan->hba, plan->before, &plan->wanted);
	return 0;
}

/* The server may be configured to read its rules from a file that is not ours to write. */
static bool is_elsewhere(const struct host *host, const struct plan *plan)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host->cluster.path);

	return !file_is_same(plan->path, path);
}

static enum step_state refuse_elsewhere(const struct plan *plan, struct fault *fault)
{
	TEXT_AUTO lines = { 0 };

	hba_describe(&plan->file, &plan->hba, plan->before, &lines);
	fault_set(fault, FAULT_OPERATOR, "the server reads its access rules from \"%s\"",
		  plan->path);
	fault_detail(fault, "%s", text_str(&lines));
	return step_refused(fault,
			    "Insert these lines into that file where it says, in place of any others between \"# BEGIN pgrepl\" and \"# END pgrepl\", and reload; or put the rules into pg_hba.conf in the data directory and reset hba_file.");
}

enum step_state rules_check(struct host *host, struct text *detail, struct fault *fault)
{
	PLAN_AUTO plan = { 0 };
	bool running = host_db(host, fault);
	int r, loaded;

	if (!running && !host_excuses(host, fault))
		return STEP_REFUSED;
	r = plan_running(host, running, &plan, fault);
	if (r < 0 && (host_in_place(host) || !host_excuses(host, fault)))
		return STEP_REFUSED;
	describe(host, &plan, detail);
	if (r < 0 || !running)
		return plan_holds(&plan) ? STEP_DONE : STEP_NEEDED;
	if (!plan_holds(&plan))
		return is_elsewhere(host, &plan) ? refuse_elsewhere(&plan, fault)
						 : STEP_NEEDED;
	loaded = in_force_loaded(host, fault);
	if (loaded < 0)
		return STEP_REFUSED;
	return loaded ? STEP_DONE : STEP_NEEDED;
}

/* Does the server read the file that we have written as we meant it? */
static int compare(struct host *host, const struct plan *plan, const struct text *others,
		   struct fault *fault)
{
	HBA_AUTO file = { 0 };
	TEXT_AUTO now = { 0 };
	int r = scan(host, plan->path, &plan->wanted, &file, fault);

	if (r == 0)
		r = hba_rules_valid(&host->db, fault);
	if (r == 0)
		r = hba_rules_of_others(&host->db, &file, &now, fault);
	if (r < 0 || text_equal(text_str(&now), text_str(others)))
		return r;
	fault_set(fault, FAULT_OPERATOR,
		  "with the rules of pgrepl in \"%s\", the server reads others differently",
		  plan->path);
	fault_detail(fault, "before:\n%s\nafter:\n%s", text_str(others), text_str(&now));
	return fault_hint(fault,
			  "The file has been put back, and nothing was reloaded. If somebody has changed it meanwhile, run setup again.");
}

int rules_apply(struct host *host, struct fault *fault)
{
	FAULT_AUTO second = { 0 };
	PLAN_AUTO plan = { 0 };
	TEXT_AUTO others = { 0 };
	int r = plan_running(host, true, &plan, fault);

	if (r == 0)
		r = hba_rules_of_others(&host->db, &plan.file, &others, fault);
	if (r == 0)
		r = file_put(plan.path, FILE_KEEP_MODE, text_str(&plan.wanted),
			     plan.wanted.len, fault);
	if (r < 0)
		return r;
	r = compare(host, &plan, &others, fault);
	if (r == 0)
		return in_force_reload(host, fault);
	(void)file_put(plan.path, FILE_KEEP_MODE, text_str(&plan.now), plan.now.len, &second);
	return r;
}
