/*
 * parameters.h - the PostgreSQL parameters that a primary and a standby get: one table, with a
 * rule for each.
 *
 * A new cluster gets all values of the table, and a clone what its primary has more of. On an
 * existing one a rule decides what our file has to say: nothing where what other files say is
 * good enough, and never less than what is there. The parameter sections of the ini win over
 * every rule.
 */
#pragma once

#include "postgresql/conf_lines.h"
#include "postgresql/guc.h"
#include "postgresql/pgconf.h"
#include "postgresql/replication.h"
#include "settings/settings.h"

enum rule {
	RULE_EXACTLY,  /* replication cannot do without this value */
	RULE_AT_LEAST, /* this much, or what there is if it is more */
	RULE_IF_UNSET, /* unless the cluster's owner has chosen a value */
	RULE_COVERING, /* addresses, unless those that are set cover standby_networks */
};

struct parameters_asked {
	const struct settings *settings;
	enum settings_role role;
	long major;
	long wal_segment_bytes;
	/* of a standby; raised: the primary's values of replication_raised, 0 if not known yet */
	const char *primary_conninfo;
	const long *raised;
	/* of an existing cluster; NULL of a new one. defaults: what holds without any line */
	const struct conf_lines *present;
	const struct pgconf *defaults;
	/* of a new cluster that has files already: initdb's, or its primary's; else NULL */
	const struct conf_lines *staged;
};

struct parameter {
	const char *name;
	enum rule rule;
	unsigned roles; /* FOR_...; 0: both */
	/* NULL: that of make; without make, only what there is counts */
	const char *value;
	/* Adds the value. True: the ini gives it itself, and no rule applies. */
	bool (*make)(const struct parameters_asked *asked, struct text *ret);
	long since, until;            /* the majors that have it; 0: no limit */
	const struct guc_rank *ranks; /* of RULE_AT_LEAST; NULL: a number */
	double unit;                  /* of such a number without a unit; 0: 1 */
};

enum {
	FOR_PRIMARY = 1 << SETTINGS_PRIMARY,
	FOR_STANDBY = 1 << SETTINGS_STANDBY,
};

/* A parameter has several rows if its rule depends on the role. */
extern const struct parameter parameters[];
extern const size_t parameters_count;

/* What our file has to contain. */
void parameters_decide(struct pgconf *ret, const struct parameters_asked *asked);

/*
 * Spells each name as the line does that it overrides. A reload takes the lines of a parameter
 * that are spelt the same as one, and tries all others too, after which it reports a parameter
 * that needs no restart as one that does (ProcessConfigFileInternal()).
 */
void parameters_spell(struct pgconf *conf, const struct conf_lines *present);

/*
 * Adds the parameters that the ini sets for this role, under the names that they have in this
 * major: wal_keep_segments and wal_keep_size are one.
 */
void parameters_own(const struct parameters_asked *asked, enum settings_role role,
		    struct pgconf *ret);

/* Is it in the table, for any role, and does this major have it? */
bool parameters_know(const char *name, long major);
