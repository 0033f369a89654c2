/*
 * primary.c - the procedure for a primary, as a table; rows P3 to P11 of the manual one.
 */
#include "configuration.h"
#include "file.h"
#include "hba.h"
#include "host.h"
#include "report.h"
#include "steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HBA_MAX = 4 * 1024 * 1024 };

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
		.cancel_fd = host->cancel_fd,
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

/* --- replication role (P7) --- */

static int make_verifier(const char *user, const struct secret *password, char **ret,
			 struct fault *fault)
{
	*ret = db_scram_verifier(user, secret_reveal(password));
	return *ret ? 0 : fault_set(fault, FAULT_BUG, "could not make a SCRAM verifier");
}

/* The verifier of the ini, or one made here of its password. Caller drops it. */
static int role_verifier(struct host *host, char **ret, struct fault *fault)
{
	const struct settings *settings = &host->settings;

	if (!secret_is_set(&settings->replication_verifier))
		return make_verifier(settings->replication_user,
				     &settings->replication_password, ret, fault);
	*ret = text_copy(secret_reveal(&settings->replication_verifier));
	return 0;
}

static enum step_state staged_role_check(struct host *host, struct text *detail,
					 struct fault *fault)
{
	(void)fault;
	if (host->role_staged) {
		text_addf(detail, "\"%s\" can log in and replicate",
			  host->settings.replication_user);
		return STEP_DONE;
	}
	text_addf(detail, "create \"%s\"", host->settings.replication_user);
	return STEP_NEEDED;
}

/* P6: ALTER ROLE with a verifier made here. */
static int add_superuser_sql(struct host *host, struct text *ret, struct fault *fault)
{
	SECRET_STRING_AUTO verifier = NULL;
	int r = make_verifier(host->superuser, &host->settings.superuser_password,
			      &verifier, fault);

	if (r < 0)
		return r;
	text_add(ret, "ALTER ROLE ");
	db_add_identifier(ret, host->superuser);
	text_add(ret, " PASSWORD ");
	db_add_literal(ret, verifier);
	return 0;
}

/*
 * Before the first start, so that no standby that already knocks is told that the
 * password is wrong when it is the role that is missing.
 */
static int staged_role_apply(struct host *host, struct fault *fault)
{
	SECRET_STRING_AUTO verifier = NULL;
	TEXT_AUTO sql = { 0 };
	TEXT_AUTO out = { 0 };
	int r = role_verifier(host, &verifier, fault);

	if (r < 0)
		return r;
	replication_role_sql(&sql, host->settings.replication_user, verifier, false);
	text_add(
		&sql,
		"\nSELECT count(*) AS pgrepl_roles FROM pg_catalog.pg_authid WHERE rolcanlogin"
		" AND rolreplication AND rolpassword IS NOT NULL AND rolname = ");
	db_add_literal(&sql, host->settings.replication_user);
	text_add(&sql, "\n");
	if (secret_is_set(&host->settings.superuser_password)) {
		r = add_superuser_sql(host, &sql, fault);
		text_add(&sql, "\n");
	}
	if (r == 0)
		r = cluster_single_user(host->cluster.staging,
					host->settings.bin_directory, text_str(&sql),
					host->cancel_fd, &out, fault);
	secret_wipe(sql.s, sql.len);
	host->role_staged = r == 0 && strstr(text_str(&out), "pgrepl_roles = \"1\"");
	return r;
}

static enum step_state role_check(struct host *host, struct text *detail,
				  struct fault *fault)
{
	const struct settings *settings = &host->settings;
	struct db *db = host_db(host, fault);
	ROLE_AUTO found = { 0 };

	if (!db && host->dry_run) {
		fault_clear(fault);
		text_addf(detail, "look at \"%s\" in the server, once it runs",
			  settings->replication_user);
		return STEP_NEEDED;
	}
	if (!db ||
	    replication_role_look(db, settings->replication_user, &found, fault) < 0)
		return STEP_REFUSED;
	if (!found.exists)
		text_addf(detail, "create \"%s\"", settings->replication_user);
	else if (!found.complete)
		text_addf(detail, "let \"%s\" log in and replicate",
			  settings->replication_user);
	else if (secret_is_set(&settings->replication_verifier) &&
		 !text_equal(found.verifier,
			     secret_reveal(&settings->replication_verifier)))
		text_addf(detail, "give \"%s\" the verifier of the ini",
			  settings->replication_user);
	else {
		text_addf(detail, "\"%s\" can log in and replicate",
			  settings->replication_user);
		return STEP_DONE;
	}
	return STEP_NEEDED;
}

static int role_apply(struct host *host, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	SECRET_STRING_AUTO verifier = NULL;
	ROLE_AUTO found = { 0 };
	TEXT_AUTO sql = { 0 };
	int r;

	if (!db ||
	    replication_role_look(db, host->settings.replication_user, &found, fault) <
		    0 ||
	    role_verifier(host, &verifier, fault) < 0)
		return -EIO;
	replication_role_sql(&sql, host->settings.replication_user, verifier,
			     found.exists);
	if (found.exists)
		/* one that has run out is as good as none */
		text_add(&sql, " VALID UNTIL 'infinity'");
	r = db_exec(db, text_str(&sql), fault);
	secret_wipe(sql.s, sql.len);
	return r;
}

/* --- superuser password (P6) --- */

/* A primary logs in to itself where its server listens. */
static int find_listen_host(struct host *host, struct fault *fault)
{
	static const char *const everywhere[] = { "*", "localhost", "0.0.0.0",
						  "127.0.0.1" };
	struct db *db = host_db(host, fault);
	RESULT_AUTO result = NULL;
	char *first = NULL;
	STRING_AUTO list = NULL;

	if (!db || db_query(db, "SHOW listen_addresses", 0, NULL, &result, fault) < 0)
		return -EIO;
	list = text_copy(db_value(result, 0, 0));
	snprintf(host->listen_host, sizeof(host->listen_host), "127.0.0.1");
	for (char *rest = list, *item; (item = strtok_r(rest, ", ", &rest));) {
		for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
			if (text_equal(item, everywhere[i]))
				return 0;
		if (!first)
			first = item;
	}
	if (first)
		snprintf(host->listen_host, sizeof(host->listen_host), "%s",
			 text_equal(first, "::") ? "::1" : first);
	return 0;
}

/* Is there a server to log in to? In a dry run there need not be. */
static bool can_log_in(struct host *host, struct text *detail, struct fault *fault)
{
	if (find_listen_host(host, fault) == 0)
		return true;
	if (host->dry_run) {
		fault_clear(fault);
		text_add(detail, "try it, once the server runs");
	}
	return false;
}

/* Where no log-in can show it: has the superuser a password at all? */
static enum step_state superuser_has_password(struct host *host, const char *why,
					      struct text *detail, struct fault *fault)
{
	ROLE_AUTO found = { 0 };
	struct db *db = host_db(host, fault);

	if (!db || replication_role_look(db, host->superuser, &found, fault) < 0)
		return STEP_REFUSED;
	text_addf(detail, "%s for \"%s\"; %s", *found.verifier ? "set" : "set it",
		  host->superuser, why);
	return *found.verifier ? STEP_DONE : STEP_NEEDED;
}

static enum step_state superuser_check(struct host *host, struct text *detail,
				       struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;
	int by_password;

	if (!secret_is_set(&host->settings.superuser_password)) {
		text_addf(detail, "none in the ini: \"%s\" logs in locally",
			  host->superuser);
		return STEP_DONE;
	}
	if (host->role_staged)
		return superuser_has_password(host, "made with the role", detail, fault);
	if (!can_log_in(host, detail, fault))
		return host->dry_run ? STEP_NEEDED : STEP_REFUSED;
	host_login(host, &login);
	login.user = host->superuser;
	login.password = &host->settings.superuser_password;
	login.tls = false;
	by_password = replication_log_in(&login, &refusal);
	if (by_password > 0) {
		text_addf(detail, "\"%s\" can log in by it", host->superuser);
		return STEP_DONE;
	}
	if (by_password == 0)
		return superuser_has_password(host, "an access rule asks for none",
					      detail, fault);
	if (text_equal(refusal.sqlstate, "28000"))
		return superuser_has_password(host, "no access rule to try it by", detail,
					      fault);
	if (text_equal(refusal.sqlstate, "28P01")) {
		text_addf(detail, "set it for \"%s\"", host->superuser);
		return STEP_NEEDED;
	}
	fault_set(fault, refusal.class, "could not try the password of \"%s\": %s",
		  host->superuser, text_str(&refusal.message));
	return STEP_REFUSED;
}

static int superuser_apply(struct host *host, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	TEXT_AUTO sql = { 0 };
	int r = db ? add_superuser_sql(host, &sql, fault) : -EIO;

	if (r == 0)
		r = db_exec(db, text_str(&sql), fault);
	secret_wipe(sql.s, sql.len);
	return r;
}

/* --- access rules (P9) --- */

static int merge_rules(struct host *host, struct text *ret_old, struct text *ret_new,
		       struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host_directory(host));
	const struct hba hba = {
		.user = host->settings.replication_user,
		.method = host->settings.auth_method,
		.tls = host->settings.tls,
		.networks = &host->settings.standby_networks,
	};
	int r = file_read(path, HBA_MAX, ret_old);

	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   path);
	r = hba_merge(text_str(ret_old), &hba, ret_new);
	if (r < 0) {
		fault_set(fault, FAULT_OPERATOR,
			  "the block in \"%s\" begins and does not end", path);
		fault_hint(fault,
			   "Put the line \"# END pgrepl\" back behind it, or remove its "
			   "first line.");
	}
	return r;
}

static enum step_state rules_file_check(struct host *host, struct text *detail,
					struct fault *fault)
{
	TEXT_AUTO present = { 0 };
	TEXT_AUTO wanted = { 0 };

	if (merge_rules(host, &present, &wanted, fault) < 0) {
		if (!host->dry_run || host_in_place(host))
			return STEP_REFUSED;
		fault_clear(fault);
	}
	text_addf(detail, "%s for %zu networks", host->settings.tls ? "hostssl" : "host",
		  host->settings.standby_networks.count);
	return wanted.len && text_equal(text_str(&present), text_str(&wanted))
		       ? STEP_DONE
		       : STEP_NEEDED;
}

static int rules_file_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host_directory(host));
	TEXT_AUTO present = { 0 };
	TEXT_AUTO wanted = { 0 };
	int r = merge_rules(host, &present, &wanted, fault);

	if (r == 0)
		r = file_replace(path, FILE_KEEP_MODE, text_str(&wanted), wanted.len);
	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   path)
		     : 0;
}

/* The server may have been told to read its rules from somewhere else. */
static int rules_where(struct host *host, struct db *db, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host->cluster.path);
	const struct hba hba = {
		.user = host->settings.replication_user,
		.method = host->settings.auth_method,
		.tls = host->settings.tls,
		.networks = &host->settings.standby_networks,
	};
	TEXT_AUTO lines = { 0 };
	RESULT_AUTO result = NULL;
	int r = db_query(db, "SHOW hba_file", 0, NULL, &result, fault);

	if (r < 0 || text_equal(db_value(result, 0, 0), path))
		return r;
	(void)hba_merge("", &hba, &lines);
	fault_set(fault, FAULT_OPERATOR, "the server reads its access rules from \"%s\"",
		  db_value(result, 0, 0));
	fault_detail(fault, "%s", text_str(&lines));
	fault_hint(
		fault,
		"Paste these lines into it before the first \"host\" line and reload, or "
		"let hba_file be \"%s\".",
		path);
	return -EIO;
}

static enum step_state rules_check(struct host *host, struct text *detail,
				   struct fault *fault)
{
	enum step_state state = rules_file_check(host, detail, fault);
	struct db *db = host_db(host, fault);
	RESULT_AUTO result = NULL;
	int loaded;

	if (!db && host->dry_run)
		fault_clear(fault);
	if (state == STEP_REFUSED || (!db && host->dry_run))
		return state;
	loaded = !db || rules_where(host, db, fault) < 0
			 ? -1
			 : configuration_loaded(host, fault);
	if (loaded < 0)
		return STEP_REFUSED;
	if (state == STEP_NEEDED || !loaded)
		return STEP_NEEDED;
	if (db_query(
		    db,
		    "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"
		    " ORDER BY line_number LIMIT 1",
		    0, NULL, &result, fault) < 0)
		return STEP_REFUSED;
	if (!PQntuples(result))
		return STEP_DONE;
	fault_set(fault, FAULT_OPERATOR, "line %s of pg_hba.conf is wrong: %s",
		  db_value(result, 0, 0), db_value(result, 0, 1));
	fault_hint(fault, "Correct it: the server takes none of the file until then.");
	return STEP_REFUSED;
}

static int rules_apply(struct host *host, struct fault *fault)
{
	int r = rules_file_apply(host, fault);

	return r < 0 ? r : configuration_reload(host, fault);
}

/* --- replication log-in (V1) --- */

static enum step_state login_check(struct host *host, struct text *detail,
				   struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;
	struct replication_upstream seen;

	if (!secret_is_set(&host->settings.replication_password)) {
		text_add(detail, "not tried: the ini has a verifier and no password");
		return STEP_DONE;
	}
	if (!can_log_in(host, detail, fault))
		return host->dry_run ? STEP_NEEDED : STEP_REFUSED;
	host_login(host, &login);
	if (replication_identify(&login, &seen, &refusal) == 0) {
		text_addf(detail, "\"%s\" on %s:%ld, system %s", login.user, login.host,
			  login.port, seen.system_id);
		return STEP_DONE;
	}
	if (text_equal(refusal.sqlstate, "28P01") &&
	    !secret_is_set(&host->settings.replication_verifier)) {
		text_addf(detail, "set the password of \"%s\"", login.user);
		return STEP_NEEDED;
	}
	if (host->dry_run) {
		/* the steps before this one have not been done */
		text_addf(detail, "try it again; it is refused now: %s",
			  text_str(&refusal.message));
		return STEP_NEEDED;
	}
	fault_set(fault, refusal.class, "\"%s\" cannot replicate from %s:%ld: %s",
		  login.user, login.host, login.port, text_str(&refusal.message));
	if (text_equal(refusal.sqlstate, "28P01"))
		fault_hint(fault,
			   "replication_password_verifier in the ini does not belong to "
			   "replication_password; leave one of them out.");
	else
		fault_hint(
			fault,
			"Look for a rule in pg_hba.conf that comes before the block of "
			"pgrepl.");
	return STEP_REFUSED;
}

static const struct step primary_steps[] = {
	{ "programs", false, programs_check, NULL },
	/* what is refused is not to be given to anybody before */
	{ "data directory", false, data_look, NULL },
	{ "ownership", false, ownership_check, ownership_apply },
	{ "room for a cluster", false, data_check, data_apply },
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
	int r = find_listen_host(host, fault);

	host_login(host, &login);
	if (r == 0)
		r = report_log_in(host, &login, NULL, fault);
	if (r == 0)
		r = report_role(host, fault);
	if (r == 0)
		r = report_standbys_caught_up(host, timeout_ms, fault);
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
