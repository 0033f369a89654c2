#include "recovery.h"

#include "base/file.h"
#include "configuration.h"

#include <errno.h>
#include <string.h>

enum { CONF_MAX = 1024 * 1024 };

/* For a clone without rules: its primary keeps the configuration elsewhere. */
static const char least_rules[] = "local all all peer\n";

/* Recovery parameters that must not be inherited, besides those that we set. */
static const char *const foreign[] = {
	"recovery_target_action",
	"recovery_target_inclusive",
};

/* postgresql.auto.conf, and the same without what would override our settings. */
static int strip_auto_conf(const struct host *host, const char *path,
			   struct text *ret_old, struct text *ret_new, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r = file_read(path, CONF_MAX, ret_old);

	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	configuration_wanted(host, &conf);
	pgconf_strip(text_str(ret_old), &conf, foreign,
		     sizeof(foreign) / sizeof(foreign[0]), ret_new);
	pgconf_free(&conf);
	return 0;
}

enum step_state recovery_check(struct host *host, struct text *detail, struct fault *fault)
{
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host->cluster.staging);
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };

	if (strip_auto_conf(host, conf, &old, &stripped, fault) < 0)
		return STEP_REFUSED;
	if (host_has_staged(host, "standby.signal") && host_has_staged(host, "pg_hba.conf") &&
	    text_equal(text_str(&old), text_str(&stripped)))
		return step_done(detail, "standby.signal");
	return step_needed(detail,
			   "standby.signal; remove what would override it from postgresql.auto.conf");
}

int recovery_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO signal = text_format("%s/standby.signal", host->cluster.staging);
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host->cluster.staging);
	STRING_AUTO rules = text_format("%s/pg_hba.conf", host->cluster.staging);
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };
	int r = strip_auto_conf(host, conf, &old, &stripped, fault);

	if (r == 0)
		r = file_put(signal, 0600, "", 0, fault);
	if (r == 0)
		r = file_put(conf, 0600, text_str(&stripped), stripped.len, fault);
	if (r == 0 && !file_exists(rules))
		r = file_put(rules, 0600, least_rules, strlen(least_rules), fault);
	return r;
}
