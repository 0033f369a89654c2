/*
 * rules.h - the steps about pg_hba.conf: the block that lets standbys in (P9).
 */
#ifndef PGREPL_RULES_H
#define PGREPL_RULES_H

#include "host.h"
#include "step.h"

/* The block is in the file. */
enum step_state rules_file_check(struct host *host, struct text *detail,
				 struct fault *fault);
int rules_file_apply(struct host *host, struct fault *fault);

/* The block is in the file, and in what the server that runs has read. */
enum step_state rules_check(struct host *host, struct text *detail, struct fault *fault);
int rules_apply(struct host *host, struct fault *fault);

#endif
