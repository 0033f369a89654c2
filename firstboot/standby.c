/*
 * standby.c - the procedure for a standby, as a table: rows S1 to S6 of the procedure by
 * hand.
 */
#include "clone.h"
#include "collations.h"
#include "configuration.h"
#include "data.h"
#include "in_force.h"
#include "kept.h"
#include "labels.h"
#include "logins.h"
#include "open_port.h"
#include "own_directory.h"
#include "recovery.h"
#include "rules.h"
#include "server.h"
#include "step.h"
#include "streaming.h"
#include "tls.h"
#include "trial.h"
#include "upstream.h"
#include "verify.h"

static const struct step standby_steps[] = {
	/* clang-format off */
	/* first: everything else needs them, and what differs between majors */
	{ .name = "programs", .row = "S1", .check = programs_check },
	/* before waiting for the primary: what is refused is refused at once */
	{ .name = "data directory", .row = "S2", .check = data_look },
	/* before anything is changed: what it runs would be another cluster than ours */
	{ .name = "service", .check = service_check },
	/* likewise, before a clone is made that could not start */
	{ .name = "port", .when = UNTIL_IN_PLACE, .check = port_check },
	/* before anything is written: an access rule may need an administrator */
	{ .name = "local login", .check = local_login_check },
	/*
	 * before waiting for the primary, and hours before a clone is complete: whether
	 * the server accepts a name or value does not depend on the primary
	 */
	{ .name = "settings tried", .row = "S4", .check = tried_check },
	/* before anything that stays on this host is changed */
	{ .name = "primary", .row = "S2", .check = primary_check, .apply = primary_apply },
	/* after "primary", which tells what it has to fit; before what would clear it */
	{ .name = "kept clone", .row = "S2", .when = UNTIL_IN_PLACE,
	  .check = kept_check, .apply = kept_apply },
	/* before a byte is copied: what is wrong then cannot be put right in a clone */
	{ .name = "collations", .row = "S2", .when = UNTIL_IN_PLACE, .check = collations_check },
	/* before a byte is copied, if the primary lets its configuration be read */
	{ .name = "primary's settings", .row = "S4", .when = UNTIL_IN_PLACE,
	  .check = trial_before_check, .apply = trial_before_apply },
	/* after "primary", as some depend on it; before anything is changed */
	{ .name = "settings allowed", .row = "S4", .check = settings_look },
	/* before anything in PGDATA is read or written as the server's user */
	{ .name = "ownership", .row = "S5", .check = ownership_check, .apply = ownership_apply },
	/* before staging is filled: it clears what an interrupted run has left there */
	{ .name = "room for a clone", .row = "S2", .check = data_check, .apply = data_apply },
	/* before anything is written to it: another cluster must not be started in its place */
	{ .name = "own directory", .check = own_directory_check },
	/* before a byte is copied: each tablespace needs a place here */
	{ .name = "tablespaces", .row = "S2", .when = UNTIL_IN_PLACE,
	  .check = tablespaces_check, .apply = tablespaces_apply },
	/* before a byte is copied: a missing rule may need an administrator */
	{ .name = "label rules", .check = label_rules_check, .apply = label_rules_apply },
	/* before anything is written, and before a restart: with an error, it would not start again */
	{ .name = "valid access rules", .check = rules_valid_check },
	/* pg_basebackup reads it, and later the walreceiver */
	{ .name = "password file", .row = "S3", .check = passfile_check, .apply = passfile_apply },
	/* the steps down to "in place" complete what this makes */
	{ .name = "base backup", .row = "S2", .when = UNTIL_IN_PLACE,
	  .check = clone_check, .apply = clone_apply },
	/* in staging, so that the clone can never be started as a second primary */
	{ .name = "recovery", .row = "S3", .when = UNTIL_IN_PLACE,
	  .check = recovery_check, .apply = recovery_apply },
	/* if it was not possible before; in what "recovery" leaves, and with our settings */
	{ .name = "inherited settings", .row = "S4", .when = UNTIL_IN_PLACE,
	  .check = trial_after_check, .apply = trial_after_apply },
	/* before the settings: the server rejects ssl = on without a certificate */
	{ .name = "certificate", .check = certificate_check, .apply = certificate_apply },
	/* after "primary": some values must not be lower than the primary's */
	{ .name = "settings", .row = "S4", .check = settings_check, .apply = settings_apply },
	/* after the settings, with all files that the server will read */
	{ .name = "staged directory", .when = UNTIL_IN_PLACE, .check = staged_directory_check },
	/* the clone is complete: one rename, and only then can a server start on it */
	{ .name = "in place", .row = "S2", .when = UNTIL_IN_PLACE, .check = place_check,
	  .apply = place_apply },
	/* after the rename: labels go by the path; before the start, which needs them */
	{ .name = "labels", .check = labels_check, .apply = labels_apply },
	/* before the start, as on a primary: a standby can have standbys */
	{ .name = "firewall", .check = open_port_check, .apply = open_port_apply },
	/* once more, now that the settings have no errors any more */
	{ .name = "starts itself", .check = own_directory_check },
	/* everything that can be prepared without it is in place */
	{ .name = "server", .row = "S6", .check = server_check, .apply = server_apply },
	/* only the running server can tell which value wins */
	{ .name = "settings in force", .row = "S4", .check = in_force_check, .apply = in_force_apply },
	/* a running server proves nothing: both ends have to report that WAL streams */
	{ .name = "streaming", .row = "V3", .check = streaming_check, .apply = streaming_apply },
	/* last: a server that has not passed everything else does not start at boot */
	{ .name = "enabled", .row = "S6", .check = enabled_check, .apply = enabled_apply },
	/* clang-format on */
};

static int verify(struct host *host, long timeout_ms, struct fault *fault)
{
	struct replication_login login;
	struct replication_upstream upstream;
	int r;

	host_login(host, &login);
	r = verify_log_in(host, &login, &upstream, fault);
	if (r == 0)
		r = verify_caught_up(host, &login, &upstream, timeout_ms, fault);
	return r;
}

const struct role program_role = {
	.name = "standby",
	.program = "pgrepl-standby",
	.settings = SETTINGS_STANDBY,
	.steps = standby_steps,
	.steps_count = sizeof(standby_steps) / sizeof(standby_steps[0]),
	.verify = verify,
};
