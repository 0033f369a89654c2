/*
 * primary.c - the procedure for a primary, as a table; rows P3 to P11 of the manual one.
 */
#include "base/file.h"
#include "configuration.h"
#include "data.h"
#include "in_force.h"
#include "logins.h"
#include "rules.h"
#include "settings/parameters.h"
#include "server.h"
#include "verify.h"

/* --- cluster (P4): initdb into staging --- */

static enum step_state cluster_check(struct host *host, struct text *detail,
				     struct fault *fault)
{
	STRING_AUTO version = text_format("%s/PG_VERSION", host->cluster.staging);

	(void)fault;
	if (file_exists(version)) {
		text_addf(detail, "new, in %s", host->cluster.staging);
		return STEP_DONE;
	}
	text_addf(detail, "initdb in %s", host->cluster.staging);
	return STEP_NEEDED;
}

static int cluster_apply(struct host *host, struct fault *fault)
{
	struct cluster_init init = {
		.bin_directory = host->settings.bin_directory,
		.superuser = host->superuser,
		.locale = host->settings.locale,
	};

	return cluster_init(&host->cluster, &init, fault);
}

/* --- settings (P10) --- */

static enum step_state primary_settings_check(struct host *host, struct text *detail,
					      struct fault *fault)
{
	struct pgconf conf = { 0 };
	enum step_state state;

	parameters_of_primary(&conf, &host->settings, host->major);
	state = settings_look(host, &conf, detail, fault);
	pgconf_free(&conf);
	return state;
}

static int primary_settings_apply(struct host *host, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r;

	parameters_of_primary(&conf, &host->settings, host->major);
	r = settings_write(host, &conf, fault);
	pgconf_free(&conf);
	return r;
}

static const struct step primary_steps[] = {
	{ "programs", false, programs_check, NULL },
	/* what is refused is not to be given to anybody before */
	{ "data directory", false, data_look, NULL },
	{ "ownership", false, ownership_check, ownership_apply },
	{ "room for a cluster", false, data_check, data_apply },
	{ "label rules", false, label_rules_check, label_rules_apply },
	{ "cluster", true, cluster_check, cluster_apply },
	{ "certificate", false, certificate_check, certificate_apply },
	{ "settings", false, primary_settings_check, primary_settings_apply },
	{ "replication role", true, staged_role_check, staged_role_apply },
	{ "access rules", true, rules_file_check, rules_file_apply },
	{ "in place", true, place_check, place_apply },
	{ "labels", false, labels_check, labels_apply },
	{ "firewall", false, firewall_check, firewall_apply },
	{ "server", false, server_check, server_apply },
	{ "settings in force", false, in_force_check, in_force_apply },
	{ "superuser password", false, superuser_check, superuser_apply },
	/*
	 * the role before the rule: a standby waits for a rule, and stops without a role
	 */
	{ "replication role", false, role_check, role_apply },
	{ "access rules", false, rules_check, rules_apply },
	{ "replication log-in", false, login_check, role_apply },
	{ "enabled", false, enabled_check, enabled_apply },
};

static int verify(struct host *host, long timeout_ms, struct fault *fault)
{
	struct replication_login login;
	int r = login_find_host(host, fault);

	host_login(host, &login);
	if (r == 0)
		r = verify_log_in(host, &login, NULL, fault);
	if (r == 0)
		r = verify_role(host, fault);
	if (r == 0)
		r = verify_standbys_caught_up(host, timeout_ms, fault);
	return r;
}

const struct role role = {
	.name = "primary",
	.program = "pgrepl-primary",
	.settings = SETTINGS_PRIMARY,
	.steps = primary_steps,
	.steps_count = sizeof(primary_steps) / sizeof(primary_steps[0]),
	.verify = verify,
};
