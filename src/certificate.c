#include "certificate.h"

#include "spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPENSSL_TIMEOUT_MS = 60 * 1000 };

static void add_name(struct text *conf, const char *name)
{
	unsigned char address[16];

	/* an address as a name too: libpq before 15 compares nothing else with it */
	text_addf(conf, ",DNS:%s", name);
	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		text_addf(conf, ",IP:%s", name);
}

int certificate_make(const char *directory, const char *host_name,
		     const char *primary_host, int cancel_fd, struct fault *fault)
{
	STRING_AUTO certificate = text_format("%s/" CERTIFICATE_FILE, directory);
	STRING_AUTO key = text_format("%s/" CERTIFICATE_KEY_FILE, directory);
	TEXT_AUTO conf = { 0 };
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		/* a curve: made in a fraction of the time of an RSA key; 1.0.2 has to be told its name */
		"/usr/bin/openssl",
		"req",
		"-new",
		"-x509",
		"-nodes",
		"-sha256",
		"-days",
		"3650",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:prime256v1",
		"-pkeyopt",
		"ec_param_enc:named_curve",
		/* -addext came with 1.1.1 */
		"-config",
		"/dev/stdin",
		"-keyout",
		key,
		"-out",
		certificate,
		NULL,
	};
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = OPENSSL_TIMEOUT_MS,
		.cancel_fd = cancel_fd,
		.err = &err,
	};
	mode_t before = umask(077);
	int status;

	text_addf(
		&conf,
		"[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = extensions\n"
		/* X.509 allows a common name of 64 characters; the other names stand below */
		"[name]\nCN = %.64s\n"
		"[extensions]\nbasicConstraints = critical,CA:TRUE\n"
		"subjectKeyIdentifier = hash\nsubjectAltName = DNS:localhost",
		host_name);
	add_name(&conf, host_name);
	if (*primary_host)
		add_name(&conf, primary_host);
	text_add(&conf, "\n");
	spawn.input = text_str(&conf);
	status = spawn_run(&spawn);
	umask(before);
	if (status == 0)
		return 0;
	(void)unlink(key);
	(void)unlink(certificate);
	if (status == -ECANCELED)
		return fault_set(fault, FAULT_RETRY, "openssl was stopped");
	if (status < 0)
		fault_errno(fault, FAULT_OPERATOR, status, "could not run \"%s\"",
			    argv[0]);
	else
		fault_set(fault, FAULT_OPERATOR, "openssl failed with exit code %d",
			  status);
	if (err.len)
		fault_detail(fault, "%s", text_str(&err));
	fault_hint(fault,
		   "Install openssl, name a certificate of your own by ssl_cert_file and "
		   "ssl_key_file in section [primary.settings], or set tls = off.");
	return -EIO;
}
