/*
 * configuration.h - the steps about the server's configuration: its certificate, its
 * settings, and whether it does what they say.
 */
#ifndef PGREPL_CONFIGURATION_H
#define PGREPL_CONFIGURATION_H

#include "steps.h"

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

/* What the files say is what the server does (P10, P11, S4). */
enum step_state in_force_check(struct host *host, struct text *detail,
			       struct fault *fault);
int in_force_apply(struct host *host, struct fault *fault);

/*
 * Has the server read its configuration files since they were written: 1, 0, or a
 * negative errno; and has it do so, and waits until it has.
 */
int configuration_loaded(struct host *host, struct fault *fault);
int configuration_reload(struct host *host, struct fault *fault);

#endif
