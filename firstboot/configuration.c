#include "configuration.h"

#include "base/file.h"
#include "postgresql/certificate.h"

#include <errno.h>
#include <unistd.h>

enum { CONF_MAX = 4 * 1024 * 1024 };

/* --- certificate --- */

/*
 * The path that a parameter such as ssl_cert_file names; relative ones are PGDATA's. A
 * running server is asked, which is quicker than to have its program read the files.
 */
static char *named_file(struct host *host, const char *parameter, struct fault *fault)
{
	const char *const values[] = { parameter };
	FAULT_AUTO not_running = { 0 };
	struct db *db = host_db(host, &not_running);
	TEXT_AUTO value = { 0 };
	RESULT_AUTO result = NULL;

	if (db &&
	    db_query(db, "SELECT current_setting($1)", 1, values, &result, fault) < 0)
		return NULL;
	if (db)
		text_add(&value, db_value(result, 0, 0));
	else if (cluster_show_conf(host_directory(host), host->settings.bin_directory,
				   parameter, &value, fault) < 0)
		return NULL;
	return *text_str(&value) == '/'
		       ? text_copy(text_str(&value))
		       : text_format("%s/%s", host_directory(host), text_str(&value));
}

/*
 * On an adopted cluster its own configuration may name other files than the default ones.
 */
static enum step_state certificate_in_place(struct host *host, struct text *detail,
					    struct fault *fault)
{
	STRING_AUTO certificate = named_file(host, "ssl_cert_file", fault);
	STRING_AUTO key = certificate ? named_file(host, "ssl_key_file", fault) : NULL;
	STRING_AUTO default_key = text_format("%s/" CERTIFICATE_KEY_FILE,
					      host_directory(host));

	if (!key)
		return STEP_REFUSED;
	if (file_exists(certificate) && file_exists(key)) {
		text_addf(detail, "%s and %s", certificate, key);
		return STEP_DONE;
	}
	if (text_equal(key, default_key)) {
		text_add(detail, "make a self-signed one");
		return STEP_NEEDED;
	}
	fault_set(fault, FAULT_OPERATOR,
		  "the certificate \"%s\" or its key \"%s\" is missing", certificate,
		  key);
	fault_hint(fault, "Put it there, or correct ssl_cert_file and ssl_key_file.");
	return STEP_REFUSED;
}

enum step_state certificate_check(struct host *host, struct text *detail,
				  struct fault *fault)
{
	const struct settings *settings = &host->settings;
	const struct pgconf *own = role.settings == SETTINGS_PRIMARY
					   ? &settings->primary_settings
					   : &settings->standby_settings;
	STRING_AUTO key = text_format("%s/" CERTIFICATE_KEY_FILE, host_directory(host));
	STRING_AUTO certificate = text_format("%s/" CERTIFICATE_FILE,
					      host_directory(host));

	if (!settings->tls)
		text_add(detail, "tls is off");
	else if (pgconf_get(own, "ssl_cert_file") || pgconf_get(own, "ssl_key_file"))
		text_add(detail, "the ini names one");
	else if (host_in_place(host))
		return certificate_in_place(host, detail, fault);
	else if (file_exists(key) && file_exists(certificate))
		text_add(detail, CERTIFICATE_FILE " and " CERTIFICATE_KEY_FILE);
	else {
		text_add(detail, "make a self-signed one");
		return STEP_NEEDED;
	}
	return STEP_DONE;
}

int certificate_apply(struct host *host, struct fault *fault)
{
	const char *primary_host = role.settings == SETTINGS_PRIMARY
					   ? host->settings.primary_host
					   : "";

	return certificate_make(host_directory(host), host->host_name, primary_host,
				fault);
}

/* --- settings --- */

static int read_conf(const char *path, struct text *ret)
{
	int r = file_read(path, CONF_MAX, ret);

	/*
	 * a clone of a server whose configuration is kept elsewhere has none: it starts
	 * empty
	 */
	return r == -ENOENT ? 0 : r;
}

enum step_state settings_look(struct host *host, const struct pgconf *conf,
			      struct text *detail, struct fault *fault)
{
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, host_directory(host));
	STRING_AUTO main = text_format("%s/postgresql.conf", host_directory(host));
	TEXT_AUTO wanted = { 0 };
	TEXT_AUTO present = { 0 };
	TEXT_AUTO including = { 0 };
	int r = read_conf(ours, &present);

	if (r < 0)
		return step_refused(fault, r, "read", ours);
	r = read_conf(main, &including);
	if (r < 0)
		return step_refused(fault, r, "read", main);
	pgconf_render(conf, role.name, &wanted);
	if (text_equal(text_str(&present), text_str(&wanted)) &&
	    pgconf_has_include(text_str(&including))) {
		text_addf(detail, "%zu in %s", conf->count, ours);
		return STEP_DONE;
	}
	text_addf(detail, "write %zu to %s", conf->count, ours);
	return STEP_NEEDED;
}

static int write_conf(const char *path, const struct text *content, struct fault *fault)
{
	int r = file_replace(path, FILE_KEEP_MODE, text_str(content), content->len);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not write \"%s\"",
				   path)
		     : 0;
}

int settings_write(struct host *host, const struct pgconf *conf, struct fault *fault)
{
	const char *directory = host_directory(host);
	STRING_AUTO ours = text_format("%s/" PGCONF_FILE, directory);
	STRING_AUTO main = text_format("%s/postgresql.conf", directory);
	TEXT_AUTO before = { 0 };
	TEXT_AUTO wanted = { 0 };
	TEXT_AUTO present = { 0 };
	TEXT_AUTO including = { 0 };
	int r = read_conf(main, &present);

	if (r < 0 || (r = read_conf(ours, &before)) < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   main);
	pgconf_render(conf, role.name, &wanted);
	/* ours before the line that includes it: the server reads both at any moment */
	r = write_conf(ours, &wanted, fault);
	if (r == 0 && !pgconf_has_include(text_str(&present))) {
		pgconf_add_include(text_str(&present), &including);
		r = write_conf(main, &including, fault);
	}
	if (r < 0)
		return r;
	r = cluster_check_conf(directory, host->settings.bin_directory, fault);
	/* an adopted cluster gets back what it had: it has to start at its next boot */
	if (r < 0 && host_in_place(host)) {
		FAULT_AUTO second = { 0 };

		if (including.len)
			(void)write_conf(main, &present, &second);
		if (before.len)
			(void)write_conf(ours, &before, &second);
		else
			(void)unlink(ours);
	}
	return r;
}
