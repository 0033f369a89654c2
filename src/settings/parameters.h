/*
 * parameters.h - the PostgreSQL parameters that setup sets on a primary and a standby.
 *
 * The defaults are those of the procedure that pgrepl automates, plus what several standbys
 * need at the same time. The parameter sections of the ini override them.
 */
#pragma once

#include "postgresql/major.h"
#include "postgresql/pgconf.h"
#include "postgresql/replication.h"
#include "settings/settings.h"

void parameters_of_primary(struct pgconf *ret, const struct settings *settings,
			   const struct major *major);

/* raised: the primary's values of replication_raised; 0 if not known yet. */
void parameters_of_standby(struct pgconf *ret, const struct settings *settings,
			   const struct major *major, const char *primary_conninfo,
			   const long raised[REPLICATION_RAISED]);
