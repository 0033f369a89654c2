#include "postgresql/certificate.h"

#include "base/file.h"
#include "base/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW ".pgrepl-new"

enum { OPENSSL_TIMEOUT_MS = 60 * 1000 };

/* The key comes last: once it is there, both files are, and both are complete. */
static int put_in_place(const char *new_key, const char *new_certificate, struct fault *fault)
{
	const char *const files[] = { new_certificate, new_key };

	for (size_t i = 0; i < 2; i++) {
		STRING_AUTO final =
			text_format("%.*s", (int)(strlen(files[i]) - strlen(NEW)), files[i]);
		int r = file_sync(files[i]);

		if (r == 0 && rename(files[i], final) < 0)
			r = -errno;
		if (r == 0)
			r = file_sync_parent(final);
		if (r < 0)
			return fault_errno(fault, FAULT_OPERATOR, r,
					   "could not put \"%s\" in place", files[i]);
	}
	return 0;
}

static void add_name(struct text *conf, const char *name)
{
	unsigned char address[16];

	/* an address as a DNS name too: libpq before 15 compares it with nothing else */
	text_addf(conf, ",DNS:%s", name);
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		text_addf(conf, ",IP:%s", name);
}

int certificate_make(const char *directory, const char *host_name,
		     const char *primary_host, struct fault *fault)
{
	STRING_AUTO certificate = text_format("%s/" CERTIFICATE_FILE NEW, directory);
	STRING_AUTO key = text_format("%s/" CERTIFICATE_KEY_FILE NEW, directory);
	SECRET_AUTO input = { { 0 } };
	struct text *conf = secret_text(&input);
	const char *argv[] = {
		/* a curve is quicker than an RSA key; OpenSSL 1.0.2 needs its name */
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
		/* -addext is new in OpenSSL 1.1.1 */
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
	};
	mode_t before = umask(077);
	int r;

	text_addf(conf,
		  "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = extensions\n"
		  /* X.509 allows 64 characters; subjectAltName has the full name */
		  "[name]\nCN = %.64s\n"
		  "[extensions]\nbasicConstraints = critical,CA:TRUE\n"
		  "subjectKeyIdentifier = hash\nsubjectAltName = DNS:localhost",
		  host_name);
	add_name(conf, host_name);
	if (*primary_host)
		add_name(conf, primary_host);
	text_add(conf, "\n");
	spawn.input = &input;
	r = spawn_succeed(&spawn, "openssl",
			  "Install openssl, name a certificate of your own with ssl_cert_file and ssl_key_file in section [primary.settings], or set tls = off.",
			  fault);
	umask(before);
	if (r == 0)
		return put_in_place(key, certificate, fault);
	(void)unlink(key);
	(void)unlink(certificate);
	return r;
}
