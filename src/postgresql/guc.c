#include "postgresql/guc.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct guc_rank guc_wal_levels[] = {
	/* two of them are the names before 9.6 */
	{ "minimal", 0 },     { "replica", 1 }, { "archive", 1 },
	{ "hot_standby", 1 }, { "logical", 2 }, { NULL, 0 },
};

const struct guc_rank guc_switch[] = {
	{ "off", 0 }, { "no", 0 },   { "false", 0 }, { "0", 0 },  { "on", 1 },
	{ "yes", 1 }, { "true", 1 }, { "1", 1 },     { NULL, 0 },
};

/* The server takes any beginning of a switch that says which one it is, and no other's. */
static bool is_word(const char *value, const char *word, const struct guc_rank *ranks)
{
	size_t least = ranks != guc_switch ? strlen(word) : *word == 'o' ? 2 : 1;
	size_t len = strlen(value);

	return len >= least && strncasecmp(value, word, len) == 0;
}

static bool measure_word(const char *value, const struct guc_rank *ranks, double *ret)
{
	for (const struct guc_rank *one = ranks; one->word; one++) {
		if (!is_word(value, one->word, ranks))
			continue;
		*ret = one->rank;
		return true;
	}
	return false;
}

bool guc_measure(const char *value, const struct guc_rank *ranks, double unit, double *ret)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = {
		{ "B", 1 },
		{ "kB", 1024 },
		{ "MB", 1024.0 * 1024 },
		{ "GB", 1024.0 * 1024 * 1024 },
		{ "TB", 1024.0 * 1024 * 1024 * 1024 },
	};
	char *rest;
	double number;

	if (ranks)
		return measure_word(value, ranks, ret);
	/* octal and hexadecimal count, and so do fractions */
	errno = 0;
	number = (double)strtol(value, &rest, 0);
	if (errno || *rest == '.' || *rest == 'e' || *rest == 'E')
		number = strtod(value, &rest);
	if (rest == value)
		return false;
	rest += strspn(rest, " \t\r\n");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text_starts_with(rest, units[i].name)) {
			rest += strlen(units[i].name);
			unit = units[i].bytes;
			break;
		}
	if (rest[strspn(rest, " \t\r\n")])
		return false;
	*ret = number * unit;
	return true;
}
