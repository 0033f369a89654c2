#include "recovery.h"

#include "base/file.h"
#include "base/log.h"
#include "configuration.h"
#include "inherit.h"

#include <errno.h>
#include <string.h>

enum { CONF_MAX = 1024 * 1024 };

/* For a clone without rules: its primary keeps them elsewhere. */
static const char least_rules[] = "local all all peer\n";

/* postgresql.auto.conf, and the same without what would override our settings. */
static int strip_auto_conf(const struct host *host, const char *path,
			   struct text *ret_old, struct text *ret_new, struct fault *fault)
{
	struct pgconf conf = { 0 };
	int r = file_read(path, CONF_MAX, ret_old);

	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	r = configuration_wanted(host, &conf, fault);
	if (r == 0)
		pgconf_strip(text_str(ret_old), &conf, NULL, 0, ret_new);
	pgconf_free(&conf);
	return r;
}

enum step_state recovery_check(struct host *host, struct text *detail, struct fault *fault)
{
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host->cluster.staging);
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };
	INHERIT_AUTO found = { .changes = false };

	if (strip_auto_conf(host, conf, &old, &stripped, fault) < 0 ||
	    inherit_look(host, &found, fault) < 0)
		return STEP_REFUSED;
	if (host_has_staged(host, "standby.signal") && host_has_staged(host, "pg_hba.conf") &&
	    text_equal(text_str(&old), text_str(&stripped)) && !found.changes)
		return step_done(detail, "standby.signal");
	text_add(detail,
		 "standby.signal; remove what would override it from postgresql.auto.conf");
	if (found.names.len)
		text_addf(detail, "; switch off the primary's %s", text_str(&found.names));
	return STEP_NEEDED;
}

/* What the primary does not use might let in others than it does. */
static int put_rules(const struct host *host, const char *path, const char *elsewhere,
		     struct fault *fault)
{
	if (!elsewhere && file_exists(path))
		return 0;
	if (elsewhere) {
		log_warning("the primary has its access rules in \"%s\", which is not part of a clone: this server will allow local logins only",
			    elsewhere);
		log_hint("Write the rules for this host to \"%s/pg_hba.conf\", then reload the server.",
			 host->cluster.path);
	}
	return file_put(path, 0600, least_rules, strlen(least_rules), fault);
}

/* Does a line of pg_hba.conf ask for a certificate? Without a CA, the server does not start. */
static bool asks_for_certificates(const char *rules)
{
	for (const char *line = rules; *line; line += pgconf_line_length(line)) {
		STRING_AUTO copy = text_format("%.*s", (int)strcspn(line, "#\n"), line);
		char *rest = copy, *word;

		while ((word = strtok_r(rest, " \t\r\"", &rest)))
			if (text_equal(word, "cert") || text_starts_with(word, "clientcert="))
				return true;
	}
	return false;
}

/* Switching the CA off must not let in who had to show a certificate. */
static int check_ca(const struct host *host, const char *ca, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/pg_hba.conf", host_directory(host));
	TEXT_AUTO rules = { 0 };

	if (!ca || file_read(path, CONF_MAX, &rules) < 0 ||
	    !asks_for_certificates(text_str(&rules)))
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "the primary's pg_hba.conf asks for client certificates, and its ssl_ca_file \"%s\" is not part of a clone",
		  ca);
	return fault_hint(fault,
			  "Put that file on this host, and name it by ssl_ca_file in section [standby.settings].");
}

int recovery_strip(struct host *host, struct text *ret_names, struct fault *fault)
{
	STRING_AUTO conf = text_format("%s/postgresql.auto.conf", host_directory(host));
	TEXT_AUTO old = { 0 };
	TEXT_AUTO stripped = { 0 };
	INHERIT_AUTO found = { .changes = false };
	int r = strip_auto_conf(host, conf, &old, &stripped, fault);

	if (r == 0)
		r = inherit_look(host, &found, fault);
	if (r == 0)
		r = check_ca(host, found.ca, fault);
	if (r == 0)
		r = file_put(conf, 0600, text_str(&stripped), stripped.len, fault);
	if (r == 0)
		r = inherit_apply(host, &found, fault);
	if (r == 0)
		text_add(ret_names, text_str(&found.names));
	return r;
}

int recovery_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO signal = text_format("%s/standby.signal", host_directory(host));
	STRING_AUTO rules = text_format("%s/pg_hba.conf", host_directory(host));
	INHERIT_AUTO found = { .changes = false };
	TEXT_AUTO names = { 0 };
	int r = file_put(signal, 0600, "", 0, fault);

	/* before the line that names the primary's rules becomes a comment */
	if (r == 0)
		r = inherit_look(host, &found, fault);
	if (r == 0)
		r = put_rules(host, rules, found.rules, fault);
	if (r == 0)
		r = recovery_strip(host, &names, fault);
	if (r == 0 && names.len)
		log_info("switched off here, as the primary's own: %s", text_str(&names));
	return r;
}
