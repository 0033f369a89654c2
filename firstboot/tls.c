#include "tls.h"

#include "base/file.h"
#include "postgresql/certificate.h"

/*
 * The file that a parameter such as ssl_cert_file names, relative to PGDATA. A running
 * server is asked, which is quicker than having its program read the configuration.
 */
static char *named_file(struct host *host, const char *parameter, struct fault *fault)
{
	const char *const values[] = { parameter };
	FAULT_AUTO not_running = { 0 };
	struct db *db = host_db(host, &not_running);
	TEXT_AUTO value = { 0 };
	RESULT_AUTO result = NULL;

	if (db && db_query(db, "SELECT current_setting($1)", 1, values, &result, fault) < 0)
		return NULL;
	if (db)
		text_add(&value, db_value(result, 0, 0));
	else if (cluster_show_conf(host_directory(host), &host->programs, parameter,
				   &value, fault) < 0)
		return NULL;
	return *text_str(&value) == '/'
		       ? text_copy(text_str(&value))
		       : text_format("%s/%s", host_directory(host), text_str(&value));
}

/* The configuration of an adopted cluster may name other files than the default ones. */
static enum step_state certificate_in_place(struct host *host, struct text *detail,
					    struct fault *fault)
{
	STRING_AUTO certificate = named_file(host, "ssl_cert_file", fault);
	STRING_AUTO key = certificate ? named_file(host, "ssl_key_file", fault) : NULL;
	STRING_AUTO default_key = text_format("%s/" CERTIFICATE_KEY_FILE,
					      host_directory(host));

	if (!key)
		return STEP_REFUSED;
	if (file_exists(certificate) && file_exists(key))
		return step_done(detail, "%s and %s", certificate, key);
	if (text_equal(key, default_key))
		return step_needed(detail, "make a self-signed one");
	fault_set(fault, FAULT_OPERATOR,
		  "the certificate \"%s\" or its key \"%s\" is missing", certificate, key);
	return step_refused(fault,
			    "Put the file there, or correct ssl_cert_file and ssl_key_file.");
}

enum step_state certificate_check(struct host *host, struct text *detail, struct fault *fault)
{
	const struct settings *settings = &host->settings;
	const struct pgconf *own = host->role->settings == SETTINGS_PRIMARY
					   ? &settings->primary_settings
					   : &settings->standby_settings;
	STRING_AUTO key = text_format("%s/" CERTIFICATE_KEY_FILE, host_directory(host));
	STRING_AUTO certificate = text_format("%s/" CERTIFICATE_FILE, host_directory(host));

	if (!settings->tls)
		text_add(detail, "tls is off");
	else if (pgconf_get(own, "ssl_cert_file") || pgconf_get(own, "ssl_key_file"))
		text_add(detail, "the ini names one");
	else if (host_in_place(host))
		return certificate_in_place(host, detail, fault);
	else if (file_exists(key) && file_exists(certificate))
		text_add(detail, CERTIFICATE_FILE " and " CERTIFICATE_KEY_FILE);
	else
		return step_needed(detail, "make a self-signed one");
	return STEP_DONE;
}

int certificate_apply(struct host *host, struct fault *fault)
{
	const char *primary_host = host->role->settings == SETTINGS_PRIMARY
					   ? host->settings.primary_host
					   : "";

	return certificate_make(host_directory(host), host->host_name, primary_host, fault);
}
