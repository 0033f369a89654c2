/*
 * primary.c - the procedure for a primary, as a table: rows P3 to P11 of the procedure by
 * hand. (P1 and P2, updates and the repository, are in the packaged user data.)
 */
#include "configuration.h"
#include "data.h"
#include "in_force.h"
#include "labels.h"
#include "lineage.h"
#include "logins.h"
#include "open_port.h"
#include "own_directory.h"
#include "rules.h"
#include "server.h"
#include "step.h"
#include "tls.h"
#include "trial.h"
#include "verify.h"

/* --- cluster (P4): initdb into staging --- */

static enum step_state cluster_check(struct host *host, struct text *detail,
				     struct fault *fault)
{
	bool staged = host_has_staged(host, "PG_VERSION");

	(void)fault;
	text_addf(detail, staged ? "new, in %s" : "initdb in %s", host->cluster.staging);
	return staged ? STEP_DONE : STEP_NEEDED;
}

static int cluster_apply(struct host *host, struct fault *fault)
{
	return cluster_init(&host->cluster, &host->programs, host->user, host->superuser,
			    host->settings.locale, fault);
}

static const struct step primary_steps[] = {
	/* clang-format off */
	/* first: everything else needs them, and what differs between majors */
	{ .name = "programs", .row = "P3", .check = programs_check },
	/* before ownership: a directory that is refused must not change hands first */
	{ .name = "data directory", .row = "P4", .check = data_look },
	/* before anything is changed: what it runs would be another cluster than ours */
	{ .name = "service", .check = service_check },
	/* before a cluster is made that could not start */
	{ .name = "port", .when = UNTIL_IN_PLACE, .check = port_check },
	/* before anything is written: the server of an old primary must not come up again */
	{ .name = "other primary", .check = other_primary_check },
	/* before anything is written: an access rule may need an administrator */
	{ .name = "local login", .check = local_login_check },
	/* before anything is written: the server's program has to accept every name and value */
	{ .name = "settings tried", .row = "P10", .check = tried_check },
	/* before ownership: likewise, and a setting can be a reason to refuse it */
	{ .name = "settings allowed", .row = "P10", .check = settings_look },
	/* before anything in PGDATA is read or written as the server's user */
	{ .name = "ownership", .check = ownership_check, .apply = ownership_apply },
	/* before staging is filled: it clears what an interrupted run has left there */
	{ .name = "room for a cluster", .row = "P4", .check = data_check, .apply = data_apply },
	/* before anything is written to it: another cluster must not be started in its place */
	{ .name = "own directory", .check = own_directory_check },
	/* before a file is created: a missing rule may need an administrator */
	{ .name = "label rules", .check = label_rules_check, .apply = label_rules_apply },
	/* before anything is written, and before a restart: with an error, it would not start again */
	{ .name = "valid access rules", .row = "P9", .check = rules_valid_check },
	/* staging is free now; the steps down to "in place" complete what this makes */
	{ .name = "cluster", .row = "P4", .when = UNTIL_IN_PLACE, .check = cluster_check,
	  .apply = cluster_apply },
	/* before the settings: the server rejects ssl = on without a certificate */
	{ .name = "certificate", .row = "P9", .check = certificate_check, .apply = certificate_apply },
	/* before the first start, which therefore needs no restart */
	{ .name = "settings", .row = "P10", .check = settings_check, .apply = settings_apply },
	/* before the first start: a standby that is trying already would give up */
	{ .name = "new role", .row = "P7", .when = UNTIL_IN_PLACE,
	  .check = staged_role_check, .apply = staged_role_apply },
	/* before the first start, so that nothing has to be reloaded */
	{ .name = "new access rules", .row = "P9", .when = UNTIL_IN_PLACE,
	  .check = rules_file_check, .apply = rules_file_apply },
	/* the cluster is complete: one rename, and only then can a server start on it */
	{ .name = "in place", .row = "P4", .when = UNTIL_IN_PLACE, .check = place_check,
	  .apply = place_apply },
	/* after the rename: labels go by the path; before the start, which needs them */
	{ .name = "labels", .check = labels_check, .apply = labels_apply },
	/* before the start: once the server listens, standbys should get through */
	{ .name = "firewall", .check = open_port_check, .apply = open_port_apply },
	/* once more, now that the settings have no errors any more */
	{ .name = "starts itself", .check = own_directory_check },
	/* everything that can be prepared without it is in place */
	{ .name = "server", .row = "P5", .check = server_check, .apply = server_apply },
	/* only the running server can tell what the cluster was created with */
	{ .name = "created as", .row = "P4", .check = created_check },
	/* only the running server can tell which value wins */
	{ .name = "settings in force", .row = "P11", .check = in_force_check, .apply = in_force_apply },
	/* with the server up; before anybody is let in over the network */
	{ .name = "superuser password", .row = "P6", .check = superuser_check,
	  .apply = superuser_apply },
	/* before the rule: a standby waits for a rule, and gives up without a role */
	{ .name = "replication role", .row = "P7", .check = role_check, .apply = role_apply },
	/* after the role, and before the login that needs it */
	{ .name = "access rules", .row = "P9", .check = rules_check, .apply = rules_apply },
	/* after everything that it takes: role, password, rule, certificate, address */
	{ .name = "replication login", .row = "P8", .check = login_check, .apply = role_apply },
	/* last: a server that has not passed everything else does not start at boot */
	{ .name = "enabled", .row = "P5", .check = enabled_check, .apply = enabled_apply },
	/* clang-format on */
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

const struct role program_role = {
	.name = "primary",
	.program = "pgrepl-primary",
	.settings = SETTINGS_PRIMARY,
	.steps = primary_steps,
	.steps_count = sizeof(primary_steps) / sizeof(primary_steps[0]),
	.verify = verify,
};
