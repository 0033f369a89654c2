/* parameters_decide.c - the part of parameters.h that applies the rules of the table. */
#include "postgresql/listen.h"
#include "settings/parameters.h"

#include <strings.h>

/*
 * 13 renamed wal_keep_segments, and counts megabytes. An ini need not know the major; one that
 * sets both means the one that the server has.
 */
static void add_renamed(const struct pgconf_item *item,
			const struct parameters_asked *asked, struct pgconf *ret)
{
	static const char segments[] = "wal_keep_segments", size[] = "wal_keep_size";
	const double mb = 1024 * 1024, segment = (double)asked->wal_segment_bytes;
	bool to_segments = asked->major < 13;
	long long whole;
	double amount;

	if (pgconf_get(ret, to_segments ? segments : size))
		return;
	if (!guc_measure(item->value, NULL, to_segments ? mb : 1, &amount)) {
		pgconf_set(ret, item->name, item->value);
		return;
	}
	if (to_segments) {
		whole = (long long)(amount / segment);
		pgconf_setf(ret, segments, "%lld",
			    whole + ((double)whole * segment < amount));
	} else {
		pgconf_setf(ret, size, "%.0fMB", amount * segment / mb);
	}
}

void parameters_own(const struct parameters_asked *asked, enum settings_role role,
		    struct pgconf *ret)
{
	const struct settings *settings = asked->settings;
	const struct pgconf *own = role == SETTINGS_PRIMARY ? &settings->primary_settings
							    : &settings->standby_settings;
	const char *renamed = asked->major < 13 ? "wal_keep_size" : "wal_keep_segments";

	for (size_t i = 0; i < own->count; i++)
		if (strcasecmp(own->items[i].name, renamed) != 0)
			pgconf_set(ret, own->items[i].name, own->items[i].value);
	for (size_t i = 0; i < own->count; i++)
		if (strcasecmp(own->items[i].name, renamed) == 0)
			add_renamed(&own->items[i], asked, ret);
}

static bool has_major(const struct parameter *row, long major)
{
	return (!row->since || major >= row->since) && (!row->until || major <= row->until);
}

static bool is_for(const struct parameter *row, const struct parameters_asked *asked)
{
	return has_major(row, asked->major) &&
	       (!row->roles || row->roles & 1U << asked->role);
}

bool parameters_know(const char *name, long major)
{
	for (size_t i = 0; i < parameters_count; i++)
		if (strcasecmp(parameters[i].name, name) == 0 &&
		    has_major(&parameters[i], major))
			return true;
	return false;
}

/* What there is of a parameter. */
struct standing {
	const struct conf_line *line;   /* that wins; NULL: none sets it */
	const struct conf_line *others; /* that would win without our file */
	const char *value;              /* in force; NULL: not known */
	bool ours;                      /* the line that wins is in our file */
};

static struct standing standing_of(const struct parameters_asked *asked, const char *name)
{
	const struct conf_line *line = conf_lines_find(asked->present, name);

	return (struct standing){
		.line = line,
		.others = conf_lines_find_others(asked->present, name),
		.value = line ? line->value : pgconf_get(asked->defaults, name),
		.ours = line && line->origin == CONF_OURS,
	};
}

/* What our file says and wins with stays; otherwise it says nothing. */
static void leave(struct pgconf *ret, const char *name, const struct standing *now)
{
	if (now->ours)
		pgconf_set(ret, name, now->value);
}

static void decide_exactly(struct pgconf *ret, const char *name, const char *value,
			   const struct standing *now)
{
	/* where our file cannot win it need not, as long as the same is said there */
	if (now->line && conf_line_is_beyond(now->line) && text_equal(now->value, value))
		return;
	pgconf_set(ret, name, value);
}

static bool is_at_least(const struct parameter *row, const char *value, const char *least)
{
	double unit = row->unit > 0 ? row->unit : 1, have, need;

	return guc_measure(value, row->ranks, unit, &have) &&
	       guc_measure(least, row->ranks, unit, &need) && have >= need;
}

/* least: NULL if what there is, is always enough */
static void decide_at_least(struct pgconf *ret, const struct parameter *row,
			    const char *least, const struct standing *now)
{
	const char *others = now->others ? now->others->value : NULL;

	/* the owner's line counts again as soon as it gives at least as much */
	if (now->ours && others && !text_equal(others, now->value) &&
	    is_at_least(row, others, now->value) &&
	    (!least || is_at_least(row, others, least)))
		return;
	if (!least || (now->value && is_at_least(row, now->value, least)))
		leave(ret, row->name, now);
	else if (!others || !is_at_least(row, others, least))
		pgconf_set(ret, row->name, least);
}

/* The table's value, raised to the primary's if that must not be undercut. */
static const char *least_of(const struct parameters_asked *asked,
			    const struct parameter *row, const char *value, struct text *room)
{
	for (int i = 0; asked->raised && i < REPLICATION_RAISED; i++) {
		if (!asked->raised[i] || strcasecmp(replication_raised[i], row->name) != 0)
			continue;
		text_addf(room, "%ld", asked->raised[i]);
		if (!value || !is_at_least(row, value, text_str(room)))
			return text_str(room);
	}
	return value;
}

/*
 * What a new cluster gets: a clone no less than its primary has, which it may succeed one day.
 * Not a switch, which is ssl: the primary's key does not stay in a clone.
 */
static void decide_new(struct pgconf *ret, const struct parameters_asked *asked,
		       const struct parameter *row, const char *value)
{
	const struct conf_line *line = asked->staged
					       ? conf_lines_find(asked->staged, row->name)
					       : NULL;
	bool enough = row->rule == RULE_AT_LEAST && row->ranks != guc_switch && line &&
		      (!value || is_at_least(row, line->value, value));

	/* our file could not win over that line, and need not */
	if (enough && conf_line_is_beyond(line))
		return;
	if (enough)
		value = line->value;
	if (value)
		pgconf_set(ret, row->name, value);
}

static void decide(struct pgconf *ret, const struct parameters_asked *asked,
		   const struct parameter *row)
{
	struct standing now;
	TEXT_AUTO made = { 0 };
	TEXT_AUTO room = { 0 };
	bool own = row->make && row->make(asked, &made);
	const char *value = row->make ? text_str(&made) : row->value;

	if (row->rule == RULE_AT_LEAST)
		value = least_of(asked, row, value, &room);
	if (!asked->present) {
		decide_new(ret, asked, row, value);
		return;
	}
	now = standing_of(asked, row->name);
	if (own || row->rule == RULE_EXACTLY)
		decide_exactly(ret, row->name, value, &now);
	else if (row->rule == RULE_AT_LEAST)
		decide_at_least(ret, row, value, &now);
	else if (row->rule == RULE_COVERING
			 ? now.value && listen_covers(now.value,
						      &asked->settings->standby_networks)
			 : now.line || (now.value && text_equal(now.value, value)))
		leave(ret, row->name, &now);
	else
		pgconf_set(ret, row->name, value);
}

/* The parameters that the ini sets; even those are raised to the primary's values. */
static void decide_own(struct pgconf *ret, const struct parameters_asked *asked,
		       const struct pgconf *own)
{
	static const struct conf_lines none;
	struct parameters_asked filled = *asked;

	if (!asked->present)
		filled.present = &none;
	for (size_t i = 0; i < own->count; i++) {
		const struct parameter row = { .name = own->items[i].name };
		const char *value = own->items[i].value;
		struct standing now = { .line = conf_lines_find(filled.present, row.name) };
		TEXT_AUTO room = { 0 };
		double number;

		/* not a number: the server itself will refuse it and say so */
		if (guc_measure(value, NULL, 1, &number))
			value = least_of(asked, &row, value, &room);
		now.value = now.line ? now.line->value : NULL;
		decide_exactly(ret, row.name, value, &now);
	}
}

/*
 * What the table knows or the ini sets, but not for this role: a promoted standby keeps it, which
 * is all that stands between it and what it inherited from its former primary.
 */
static bool is_kept(const struct parameters_asked *asked, const char *name)
{
	enum settings_role other = asked->role == SETTINGS_PRIMARY ? SETTINGS_STANDBY
								   : SETTINGS_PRIMARY;
	struct pgconf theirs = { 0 };
	bool known;

	parameters_own(asked, other, &theirs);
	known = pgconf_get(&theirs, name);
	pgconf_free(&theirs);
	for (size_t i = 0; i < parameters_count; i++) {
		if (strcasecmp(parameters[i].name, name) != 0)
			continue;
		if (is_for(&parameters[i], asked))
			return false;
		known = known || has_major(&parameters[i], asked->major);
	}
	return known;
}

void parameters_decide(struct pgconf *ret, const struct parameters_asked *asked)
{
	struct pgconf own = { 0 };

	parameters_own(asked, asked->role, &own);
	for (size_t i = 0; i < parameters_count; i++)
		if (is_for(&parameters[i], asked) && !pgconf_get(&own, parameters[i].name))
			decide(ret, asked, &parameters[i]);
	decide_own(ret, asked, &own);
	for (size_t i = 0; asked->present && i < asked->present->count; i++) {
		const char *name = asked->present->items[i].name;
		struct standing now = standing_of(asked, name);

		if (now.ours && !pgconf_get(&own, name) && is_kept(asked, name))
			leave(ret, name, &now);
	}
	pgconf_free(&own);
}

void parameters_spell(struct pgconf *conf, const struct conf_lines *present)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct conf_line *others =
			conf_lines_find_others(present, conf->items[i].name);

		if (!others)
			continue;
		text_drop(&conf->items[i].name);
		conf->items[i].name = text_copy(others->spelt);
	}
}
