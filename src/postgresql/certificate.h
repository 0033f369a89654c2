/* certificate.h - the server's self-signed certificate, made by openssl(1). */
#pragma once

#include "base/fault.h"

#define CERTIFICATE_FILE     "server.crt"
#define CERTIFICATE_KEY_FILE "server.key"

/*
 * Creates both files in directory, the key with mode 0600. The certificate names
 * host_name and, unless it is "", primary_host, so that a standby with a copy of it as
 * tls_root_cert can use verify-full.
 */
int certificate_make(const char *directory, const char *host_name,
		     const char *primary_host, struct fault *fault);
