#include "rules.h"

#include "base/file.h"
#include "in_force.h"
#include "postgresql/hba.h"

#include <errno.h>

enum { HBA_MAX = 4 * 1024 * 1024 };

static struct hba wanted_block(const struct settings *settings)
{
	return (struct hba){
		.user = settings->replication_user,
		.method = settings->auth_method,
		.tls = settings->tls,
		.networks = &settings->standby_networks,
	};
}

static int merge_rules(struct host *host, struct text *ret_old, struct text *ret_new,
		       struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host_directory(host));
	const struct hba hba = wanted_block(&host->settings);
	int r = file_read(path, HBA_MAX, ret_old);

	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	r = hba_merge(text_str(ret_old), &hba, ret_new);
	if (r < 0) {
		fault_set(fault, FAULT_OPERATOR, "the pgrepl block in \"%s\" has no end",
			  path);
		fault_hint(fault,
			   "Put the line \"# END pgrepl\" back after it, or remove its first line.");
	}
	return r;
}

enum step_state rules_file_check(struct host *host, struct text *detail, struct fault *fault)
{
	TEXT_AUTO present = { 0 };
	TEXT_AUTO wanted = { 0 };

	if (merge_rules(host, &present, &wanted, fault) < 0 &&
	    (host_in_place(host) || !host_excuses(host, fault)))
		return STEP_REFUSED;
	text_addf(detail, "%s for %zu network%s", host->settings.tls ? "hostssl" : "host",
		  host->settings.standby_networks.count,
		  text_s((long)host->settings.standby_networks.count));
	return wanted.len && text_equal(text_str(&present), text_str(&wanted))
		       ? STEP_DONE
		       : STEP_NEEDED;
}

int rules_file_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host_directory(host));
	TEXT_AUTO present = { 0 };
	TEXT_AUTO wanted = { 0 };
	int r = merge_rules(host, &present, &wanted, fault);

	return r < 0 ? r
		     : file_put(path, FILE_KEEP_MODE, text_str(&wanted), wanted.len, fault);
}

/* The server may be configured to read its rules from another file. */
static int rules_where(struct host *host, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host->cluster.path);
	const struct hba hba = wanted_block(&host->settings);
	TEXT_AUTO lines = { 0 };
	RESULT_AUTO result = NULL;
	int r = host_query(host, "SHOW hba_file", 0, NULL, &result, fault);

	if (r < 0 || file_is_same(db_value(result, 0, 0), path))
		return r;
	(void)hba_merge("", &hba, &lines);
	fault_set(fault, FAULT_OPERATOR, "the server reads its access rules from \"%s\"",
		  db_value(result, 0, 0));
	fault_detail(fault, "%s", text_str(&lines));
	return fault_hint(fault,
			  "Insert these lines before the first \"host\" line of that file and reload, or set hba_file to \"%s\".",
			  path);
}

enum step_state rules_check(struct host *host, struct text *detail, struct fault *fault)
{
	enum step_state state = rules_file_check(host, detail, fault);
	RESULT_AUTO result = NULL;
	int loaded;

	if (state == STEP_REFUSED)
		return state;
	if (!host_db(host, fault))
		return host_excuses(host, fault) ? state : STEP_REFUSED;
	loaded = rules_where(host, fault) < 0 ? -1 : in_force_loaded(host, fault);
	if (loaded < 0)
		return STEP_REFUSED;
	if (state == STEP_NEEDED || !loaded)
		return STEP_NEEDED;
	if (host_query(host,
		       "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"
		       " ORDER BY line_number LIMIT 1",
		       0, NULL, &result, fault) < 0)
		return STEP_REFUSED;
	if (!PQntuples(result))
		return STEP_DONE;
	fault_set(fault, FAULT_OPERATOR, "line %s of pg_hba.conf is invalid: %s",
		  db_value(result, 0, 0), db_value(result, 0, 1));
	return step_refused(fault,
			    "Correct it: until then, the server ignores the whole file.");
}

int rules_apply(struct host *host, struct fault *fault)
{
	int r = rules_file_apply(host, fault);

	return r < 0 ? r : in_force_reload(host, fault);
}
