/*
 * parameters.h - which PostgreSQL parameters a primary and a standby get.
 *
 * The defaults are those of the procedure that pgrepl automates, and what several
 * standbys at once need beyond it; the ini's sections for parameters win over them.
 */
#ifndef PGREPL_PARAMETERS_H
#define PGREPL_PARAMETERS_H

#include "postgresql/major.h"
#include "postgresql/pgconf.h"
#include "postgresql/replication.h"
#include "settings/settings.h"

void parameters_of_primary(struct pgconf *ret, const struct settings *settings,
			   const struct major *major);

/* raised: the primary's values of replication_raised; 0 where it was not asked yet. */
void parameters_of_standby(struct pgconf *ret, const struct settings *settings,
			   const struct major *major, const char *primary_conninfo,
			   const long raised[REPLICATION_RAISED]);

#endif
