/*
 * tls.h - the step about the server's certificate.
 */
#ifndef PGREPL_TLS_H
#define PGREPL_TLS_H

#include "host.h"
#include "step.h"

/* There is one, unless tls is off or the ini names one. */
enum step_state certificate_check(struct host *host, struct text *detail,
				  struct fault *fault);
int certificate_apply(struct host *host, struct fault *fault);

#endif
