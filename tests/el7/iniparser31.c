/*
 * iniparser31.c - a model of iniparser 3.1, which CentOS 7 has, as far as pgrepl uses it.
 *
 * Written from what 3.1 does, quirks first, since the tests are for them:
 *
 *   - a line is read into 1,024 bytes: one of 1,023 or more, and a last one without a newline, fail
 *     the whole file;
 *   - a line that ends in a backslash swallows the next one, in place of the backslash;
 *   - a malformed line is printed to stderr and dropped; the file fails only if no good line follows;
 *   - a value ends at the first closing quote, and the rest is silently dropped; there are no
 *     escapes; blanks inside the quotes are stripped, and a value of two quotes becomes empty;
 *   - unquoted, ";" and "#" start a comment anywhere;
 *   - the last of two equal keys wins; section and key together have room for 1,024 bytes, and
 *     beyond it the stack is overwritten: here, it aborts.
 *
 * tests/el7/ini.bats shows each of these.
 */
#include <iniparser.h>

#include <ctype.h>
#include <stdbool.h>

enum { LINE_ROOM = 1024 };

struct entry {
	char *name;  /* "section", or "section:key" */
	char *value; /* NULL of a section */
	struct entry *next;
};

struct _dictionary_ {
	struct entry *entries;
};

enum kind { NOTHING, SECTION, VALUE, MALFORMED };

static char *copy_of(const char *s)
{
	char *copy = malloc(strlen(s) + 1);

	if (!copy)
		abort();
	return strcpy(copy, s);
}

static struct entry *find(dictionary *d, const char *name)
{
	struct entry *entry = d->entries;

	while (entry && strcmp(entry->name, name) != 0)
		entry = entry->next;
	return entry;
}

static void set(dictionary *d, const char *name, const char *value)
{
	struct entry *entry = find(d, name);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			abort();
		entry->name = copy_of(name);
		entry->next = d->entries;
		d->entries = entry;
	}
	free(entry->value);
	entry->value = value ? copy_of(value) : NULL;
}

static void strip(char *s)
{
	char *first = s, *end = s + strlen(s);

	while (isspace((unsigned char)*first))
		first++;
	while (end > first && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	memmove(s, first, (size_t)(end + 1 - first));
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* At least one byte up to one of stops, into ret. */
static bool take_until(const char *s, const char *stops, char *ret)
{
	size_t len = strcspn(s, stops);

	if (!len)
		return false;
	memcpy(ret, s, len);
	ret[len] = '\0';
	return true;
}

/* The value after "=", the quoted forms tried before the bare one. */
static void read_value(const char *s, char *value)
{
	*value = '\0';
	if (*s == '"' && take_until(s + 1, "\"", value))
		strip(value);
	else if (*s == '\'' && take_until(s + 1, "'", value))
		strip(value);
	else if (take_until(s, ";#", value))
		strip(value);
	if (strcmp(value, "\"\"") == 0 || strcmp(value, "''") == 0)
		*value = '\0';
}

static enum kind read_line(const char *raw, char *section, char *key, char *value)
{
	char line[LINE_ROOM + 1];
	size_t len;

	strcpy(line, raw);
	strip(line);
	len = strlen(line);
	if (!len || *line == '#' || *line == ';')
		return NOTHING;
	if (*line == '[' && line[len - 1] == ']') {
		/* "[]" leaves the section as it was */
		(void)take_until(line + 1, "]", section);
		strip(section);
		lower(section);
		return SECTION;
	}
	if (!strchr(line, '=') || !take_until(line, "=", key))
		return MALFORMED;
	read_value(skip_blanks(strchr(line, '=') + 1), value);
	strip(key);
	lower(key);
	return VALUE;
}

/* Returns 3.1's count of errors: none after a good line, however many came before. */
static int take_line(dictionary *d, const char *line, char *section, int errors)
{
	char key[LINE_ROOM + 1] = "", value[LINE_ROOM + 1] = "", name[2 * LINE_ROOM + 4];

	switch (read_line(line, section, key, value)) {
	case SECTION:
		set(d, section, NULL);
		return 0;
	case VALUE:
		if (strlen(section) + 1 + strlen(key) > LINE_ROOM) {
			fputs("iniparser 3.1: stack overwritten\n", stderr);
			abort();
		}
		sprintf(name, "%s:%s", section, key);
		set(d, name, value);
		return 0;
	case MALFORMED:
		fprintf(stderr, "iniparser: syntax error:\n-> %s\n", line);
		return errors + 1;
	default:
		return errors;
	}
}

static int read_lines(dictionary *d, FILE *in)
{
	char line[LINE_ROOM + 1] = "", section[LINE_ROOM + 1] = "";
	int begin = 0, errors = 0;

	while (fgets(line + begin, LINE_ROOM - begin, in)) {
		size_t len = strlen(line);

		if (len == 1)
			continue;
		if (!len || line[len - 1] != '\n') {
			fputs("iniparser: input line too long\n", stderr);
			return 1;
		}
		while (len && isspace((unsigned char)line[len - 1]))
			line[--len] = '\0';
		begin = 0;
		if (len && line[len - 1] == '\\') {
			begin = (int)len - 1;
			continue;
		}
		errors = take_line(d, line, section, errors);
		memset(line, 0, sizeof(line));
	}
	return errors;
}

dictionary *iniparser_load(const char *ininame)
{
	FILE *in = fopen(ininame, "r");
	dictionary *d;
	int errors;

	if (!in) {
		fprintf(stderr, "iniparser: cannot open %s\n", ininame);
		return NULL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	errors = read_lines(d, in);
	fclose(in);
	if (!errors)
		return d;
	iniparser_freedict(d);
	return NULL;
}

char *iniparser_getstring(dictionary *d, const char *key, char *def)
{
	struct entry *entry;
	char *name;

	if (!d || !key)
		return def;
	name = copy_of(key);
	lower(name);
	entry = find(d, name);
	free(name);
	return entry ? entry->value : def;
}

void iniparser_freedict(dictionary *d)
{
	struct entry *entry, *next;

	for (entry = d ? d->entries : NULL; entry; entry = next) {
		next = entry->next;
		free(entry->name);
		free(entry->value);
		free(entry);
	}
	free(d);
}
