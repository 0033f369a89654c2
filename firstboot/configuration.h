/*
 * configuration.h - the steps that write the server's configuration: its certificate and
 * its settings.
 */
#ifndef PGREPL_CONFIGURATION_H
#define PGREPL_CONFIGURATION_H

#include "server.h"

/* The server's certificate, unless tls is off or the ini names one. */
enum step_state certificate_check(struct host *host, struct text *detail,
				  struct fault *fault);
int certificate_apply(struct host *host, struct fault *fault);

/*
 * Our settings file in host_directory(), and postgresql.conf that includes it (P10, S4).
 */
enum step_state settings_look(struct host *host, const struct pgconf *conf,
			      struct text *detail, struct fault *fault);
int settings_write(struct host *host, const struct pgconf *conf, struct fault *fault);

#endif
