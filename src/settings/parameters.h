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
#include "settings/settings.h"

/* Those that a standby must not have lower than its primary (manual, "Hot Standby"). */
enum { PARAMETERS_RAISED = 5 };
extern const char *const parameters_raised[PARAMETERS_RAISED];

void parameters_of_primary(struct pgconf *ret, const struct settings *settings,
			   const struct major *major);

/* upstream: the primary's values of parameters_raised; 0 where it was not asked yet. */
void parameters_of_standby(struct pgconf *ret, const struct settings *settings,
			   const struct major *major, const char *primary_conninfo,
			   const long upstream[PARAMETERS_RAISED]);

#endif
