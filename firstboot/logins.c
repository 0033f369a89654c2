#include "logins.h"

#include "postgresql/hba_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- local login --- */

enum step_state local_login_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct postmaster postmaster;

	if (!host_in_place(host) ||
	    cluster_postmaster(&host->cluster, &postmaster) <= 0 || !postmaster.ready)
		return step_done(detail, "to be tried once the server runs");
	if (host_db(host, fault))
		return step_done(detail, "\"%s\" through the socket in %s",
				 host->superuser, postmaster.socket_directory);
	if (fault->class != FAULT_RETRY)
		return STEP_REFUSED;
	step_done(detail, "to be tried again: %s", text_str(&fault->message));
	fault_clear(fault);
	return STEP_DONE;
}

/* --- replication role (P7) --- */

static int make_verifier(const char *user, const struct secret *password,
			 struct secret *ret, struct fault *fault)
{
	if (db_scram_verifier(ret, user, password) < 0)
		return fault_set(fault, FAULT_BUG, "could not make a SCRAM verifier");
	return 0;
}

/* Adds the SQL that gives the role the verifier from the ini, or one made from its password. */
static int add_role_sql(struct host *host, struct secret *ret, bool exists, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	const struct secret *verifier = &settings->replication_verifier;
	SECRET_AUTO made = { { 0 } };

	if (!secret_is_set(verifier)) {
		if (make_verifier(settings->replication_user,
				  &settings->replication_password, &made, fault) < 0)
			return -EIO;
		verifier = &made;
	}
	replication_role_sql(ret, settings->replication_user, verifier, exists);
	return 0;
}

enum step_state staged_role_check(struct host *host, struct text *detail, struct fault *fault)
{
	(void)fault;
	if (host->role_staged)
		return step_done(detail, "\"%s\" can log in and replicate",
				 host->settings.replication_user);
	return step_needed(detail, "create \"%s\"", host->settings.replication_user);
}

/* P6: ALTER ROLE with a verifier made here. */
static int add_superuser_sql(struct host *host, struct secret *ret, struct fault *fault)
{
	struct text *sql = secret_text(ret);
	SECRET_AUTO verifier = { { 0 } };
	int r = make_verifier(host->superuser, &host->settings.superuser_password,
			      &verifier, fault);

	if (r < 0)
		return r;
	text_add(sql, "ALTER ROLE ");
	db_add_identifier(sql, host->superuser);
	text_add(sql, " PASSWORD ");
	db_add_literal(sql, secret_reveal(&verifier));
	return 0;
}

/* Before the first start: for a standby, a missing role looks like a wrong password. */
int staged_role_apply(struct host *host, struct fault *fault)
{
	SECRET_AUTO sql = { { 0 } };
	struct text *lines = secret_text(&sql);
	TEXT_AUTO out = { 0 };
	int r = add_role_sql(host, &sql, false, fault);

	if (r < 0)
		return r;
	text_add(lines, "\n");
	replication_grant_sql(lines, host->settings.replication_user);
	text_addf(lines,
		  "\nSELECT count(*) AS pgrepl_roles FROM pg_catalog.pg_authid WHERE rolcanlogin"
		  " AND rolreplication AND rolpassword IS NOT NULL AND %s AND rolname = ",
		  replication_can_read);
	db_add_literal(lines, host->settings.replication_user);
	text_add(lines, "\n");
	if (secret_is_set(&host->settings.superuser_password)) {
		r = add_superuser_sql(host, &sql, fault);
		text_add(lines, "\n");
	}
	if (r == 0)
		r = cluster_single_user(host->cluster.staging, &host->programs, &sql,
					&out, fault);
	host->role_staged = r == 0 && strstr(text_str(&out), "pgrepl_roles = \"1\"");
	return r;
}

enum step_state role_check(struct host *host, struct text *detail, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	struct db *db = host_db(host, fault);
	struct replication_role found;

	if (!db && host_excuses(host, fault))
		return step_needed(detail, "look up \"%s\" in the server, once it runs",
				   settings->replication_user);
	if (!db || replication_role_look(db, settings->replication_user,
					 &settings->replication_verifier, &found, fault) < 0)
		return STEP_REFUSED;
	if (!found.exists)
		text_addf(detail, "create \"%s\"", settings->replication_user);
	else if (!found.complete)
		text_addf(detail, "allow \"%s\" to log in and replicate",
			  settings->replication_user);
	else if (found.limited)
		text_addf(detail, "lift the connection limit of \"%s\": a clone takes two",
			  settings->replication_user);
	else if (!found.can_read)
		text_addf(detail, "let \"%s\" read the server's configuration files",
			  settings->replication_user);
	else if (secret_is_set(&settings->replication_verifier) && !found.has_verifier)
		text_addf(detail, "set the verifier of \"%s\" to the one in the ini",
			  settings->replication_user);
	else
		return step_done(detail, "\"%s\" can log in and replicate",
				 settings->replication_user);
	return STEP_NEEDED;
}

static int grant(struct host *host, struct db *db, struct fault *fault)
{
	TEXT_AUTO sql = { 0 };

	replication_grant_sql(&sql, host->settings.replication_user);
	return db_exec(db, text_str(&sql), fault);
}

static int lift_limit(struct host *host, struct fault *fault)
{
	TEXT_AUTO sql = { 0 };

	replication_role_unlimited_sql(&sql, host->settings.replication_user);
	return db_exec(&host->db, text_str(&sql), fault);
}

int role_apply(struct host *host, struct fault *fault)
{
	const struct secret *verifier = &host->settings.replication_verifier;
	struct db *db = host_db(host, fault);
	struct replication_role found;
	SECRET_AUTO sql = { { 0 } };
	int r;

	if (!db || replication_role_look(db, host->settings.replication_user, verifier,
					 &found, fault) < 0)
		return -EIO;
	if (found.limited && lift_limit(host, fault) < 0)
		return -EIO;
	/* its password, which may have another form than ours, was not the reason to come here */
	if (found.complete && (found.limited || !found.can_read) &&
	    (!secret_is_set(verifier) || found.has_verifier))
		return found.can_read ? 0 : grant(host, db, fault);
	if (add_role_sql(host, &sql, found.exists, fault) < 0)
		return -EIO;
	if (found.exists)
		/* a password that has expired is as good as none */
		text_add(secret_text(&sql), " VALID UNTIL 'infinity'");
	r = db_exec(db, secret_reveal(&sql), fault);
	return r < 0 ? r : grant(host, db, fault);
}

/* --- superuser password (P6) --- */

/* A primary logs in to itself where its server listens. */
int login_find_host(struct host *host, struct fault *fault)
{
	static const char *const everywhere[] = { "*", "localhost", "0.0.0.0", "127.0.0.1" };
	RESULT_AUTO result = NULL;
	char *first = NULL;
	STRING_AUTO list = NULL;

	if (host_query(host, "SHOW listen_addresses", 0, NULL, &result, fault) < 0)
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
	if (login_find_host(host, fault) == 0)
		return true;
	if (host_excuses(host, fault))
		text_add(detail, "to be tried once the server runs");
	return false;
}

/* When it cannot be tried by logging in: does the superuser have a password at all? */
static enum step_state superuser_has_password(struct host *host, const char *why,
					      struct text *detail, struct fault *fault)
{
	struct replication_role found;
	struct db *db = host_db(host, fault);

	if (!db || replication_role_look(db, host->superuser, NULL, &found, fault) < 0)
		return STEP_REFUSED;
	text_addf(detail, "%s for \"%s\"; %s", found.has_password ? "set" : "set it",
		  host->superuser, why);
	return found.has_password ? STEP_DONE : STEP_NEEDED;
}

enum step_state superuser_check(struct host *host, struct text *detail, struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;
	int by_password;

	if (!secret_is_set(&host->settings.superuser_password))
		return step_done(detail, "none in the ini: \"%s\" logs in locally",
				 host->superuser);
	if (host->role_staged)
		return superuser_has_password(host, "set when the role was created",
					      detail, fault);
	if (!can_log_in(host, detail, fault))
		return host->dry_run ? STEP_NEEDED : STEP_REFUSED;
	host_login(host, &login);
	login.user = host->superuser;
	login.password = &host->settings.superuser_password;
	login.tls = false;
	by_password = replication_log_in(&login, &refusal);
	if (by_password > 0)
		return step_done(detail, "\"%s\" can log in with it", host->superuser);
	if (by_password == 0)
		return superuser_has_password(host, "an access rule does not ask for it",
					      detail, fault);
	if (text_equal(refusal.sqlstate, "28000") ||
	    text_equal(refusal.sqlstate, "3D000") || text_equal(refusal.sqlstate, "55000"))
		return superuser_has_password(host, "no access rule to try it with",
					      detail, fault);
	if (text_equal(refusal.sqlstate, "28P01"))
		return step_needed(detail, "set it for \"%s\"", host->superuser);
	fault_set(fault, refusal.class, "could not try the password of \"%s\": %s",
		  host->superuser, text_str(&refusal.message));
	return STEP_REFUSED;
}

int superuser_apply(struct host *host, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	SECRET_AUTO sql = { { 0 } };
	int r = db ? add_superuser_sql(host, &sql, fault) : -EIO;

	return r < 0 ? r : db_exec(db, secret_reveal(&sql), fault);
}

/* --- replication login (V1) --- */

enum step_state login_check(struct host *host, struct text *detail, struct fault *fault)
{
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;
	struct replication_upstream seen;
	TEXT_AUTO rule = { 0 };

	if (!secret_is_set(&host->settings.replication_password))
		return step_done(detail,
				 "not tried: the ini has a verifier, not the password");
	if (!can_log_in(host, detail, fault))
		return host->dry_run ? STEP_NEEDED : STEP_REFUSED;
	host_login(host, &login);
	if (replication_identify(&login, false, &seen, &refusal) == 0)
		return step_done(detail, "\"%s\" on %s:%ld, system %s", login.user,
				 login.host, login.port, seen.system_id);
	if (text_equal(refusal.sqlstate, "28P01") &&
	    !secret_is_set(&host->settings.replication_verifier))
		return step_needed(detail, "set the password of \"%s\"", login.user);
	if (host->dry_run) {
		/* the steps before this one have not been applied */
		return step_needed(detail, "to be tried again; it is rejected now: %s",
				   text_str(&refusal.message));
	}
	/* its own rules are in force by now: waiting for others does not help */
	fault_set(fault,
		  text_equal(refusal.sqlstate, "28000") ? FAULT_OPERATOR : refusal.class,
		  "\"%s\" cannot replicate from %s:%ld: %s", login.user, login.host,
		  login.port, text_str(&refusal.message));
	if (text_equal(refusal.sqlstate, "28P01"))
		fault_hint(fault,
			   "replication_password_verifier in the ini does not belong to replication_password: remove one of them.");
	else if (hba_rules_match(&host->db, login.user, login.tls, host->programs.major,
				 login.host, &rule, &refusal) == 0 &&
		 rule.len)
		fault_hint(fault,
			   "The first access rule that matches it is %s: look at it, and at those before.",
			   text_str(&rule));
	else
		fault_hint(fault, "Look for a rule in pg_hba.conf that matches it.");
	return STEP_REFUSED;
}
