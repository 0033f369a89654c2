#include "inherit.h"

#include "base/file.h"
#include "postgresql/conf_lines.h"
#include "settings/inherited.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define SWITCHED_OFF "# The primary's, switched off by pgrepl-standby:\n#"

void inherit_free(struct inherited_found *found)
{
	text_free(&found->names);
	text_drop(&found->rules);
	text_drop(&found->ca);
}

struct inherit {
	const struct host *host;
	const char *directory;
	bool apply;
	struct conf_lines lines;      /* of all files, in the order of reading */
	struct text overrides;        /* lines of postgresql.conf */
	char *data_directory, *rules; /* the primary's, if it names them */
	struct inherited_found *found;
	struct fault *fault;
};

static void remember(struct inherit *inherit, const char *name, const char *value)
{
	char **where = text_equal(name, "hba_file")         ? &inherit->rules
		       : text_equal(name, "data_directory") ? &inherit->data_directory
		       : text_equal(name, "ssl_ca_file")    ? &inherit->found->ca
							    : NULL;

	if (where) {
		text_drop(where);
		*where = text_copy(value);
	}
}

static void add_name(struct text *names, const char *name)
{
	STRING_AUTO sought = text_format(", %s,", name);
	STRING_AUTO present = text_format(", %s,", text_str(names));

	if (!strstr(present, sought))
		text_addf(names, "%s%s", names->len ? ", " : "", name);
}

/* What has to happen to a value; those of [standby.settings] win over any. */
static enum inherited_rule judge(const struct inherit *inherit, const char *name,
				 const char *value)
{
	const struct inherited *row = inherited_find(name);

	return row && !pgconf_get(&inherit->host->settings.standby_settings, name)
		       ? inherited_judge(row, value, inherit->directory)
		       : INHERITED_KEPT;
}

static int refuse(const struct inherit *inherit, const struct conf_line *line)
{
	const struct inherited *row = inherited_find(line->name);

	fault_set(inherit->fault, FAULT_OPERATOR, "\"%s\" is \"%s\" in the primary's %s: %s",
		  row->name, line->value, line->file, row->why);
	return fault_hint(inherit->fault,
			  "Remove it on the primary, or set it in section [standby.settings].");
}

static bool is_outside(const struct conf_line *line)
{
	return *line->file == '/';
}

/* Does the server still take this value when the lines to be switched off are? */
static bool stays_last(const struct inherit *inherit, const struct conf_line *line)
{
	const struct conf_line *end = inherit->lines.items + inherit->lines.count;

	for (const struct conf_line *next = line + 1; next < end; next++)
		if (next->origin != CONF_OURS && strcasecmp(next->name, line->name) == 0 &&
		    (is_outside(next) ||
		     judge(inherit, next->name, next->value) != INHERITED_NEUTRALISED))
			return false;
	return true;
}

static void neutralise(struct inherit *inherit, const struct conf_line *line)
{
	const struct inherited *row = inherited_find(line->name);

	remember(inherit, row->name, line->value);
	if (is_outside(line)) {
		/* without a neutral value, what this host's own file says stays */
		if (!row->neutral || !stays_last(inherit, line))
			return;
		text_addf(&inherit->overrides, "%s = '%s' # instead of the value in %s\n",
			  row->name, row->neutral, line->file);
	}
	add_name(&inherit->found->names, row->name);
}

/* Of what is refused, only the line that wins counts. */
static int judge_lines(struct inherit *inherit)
{
	for (size_t i = 0; i < inherit->lines.count; i++) {
		const struct conf_line *line = &inherit->lines.items[i];
		enum inherited_rule rule = judge(inherit, line->name, line->value);

		if (line->origin == CONF_OURS)
			continue;
		if (rule == INHERITED_NEUTRALISED)
			neutralise(inherit, line);
		if (rule == INHERITED_REFUSED &&
		    conf_lines_find_others(&inherit->lines, line->name) == line)
			return refuse(inherit, line);
	}
	return 0;
}

static void rewrite(const struct inherit *inherit, const struct text *content,
		    struct text *ret)
{
	TEXT_AUTO name = { 0 };
	TEXT_AUTO value = { 0 };

	for (const char *line = text_str(content); *line; line += pgconf_line_length(line)) {
		if (pgconf_parse(line, &name, &value) &&
		    judge(inherit, text_str(&name), text_str(&value)) == INHERITED_NEUTRALISED)
			text_add(ret, SWITCHED_OFF);
		text_add_bytes(ret, line, pgconf_line_length(line));
	}
}

static int put(struct inherit *inherit, const char *file, const struct text *content)
{
	inherit->found->changes = true;
	return inherit->apply ? file_put(file, FILE_KEEP_MODE, text_str(content),
					 content->len, inherit->fault)
			      : 0;
}

/* This host's own files are left alone, and ours is written anew. */
static int visit(void *arg, const char *path)
{
	struct inherit *inherit = arg;
	STRING_AUTO file = conf_path(inherit->directory, path);
	TEXT_AUTO content = { 0 };
	TEXT_AUTO wanted = { 0 };

	if (*path == '/' || text_equal(path, PGCONF_FILE) ||
	    conf_read(inherit->directory, path, &content) < 0)
		return 0;
	rewrite(inherit, &content, &wanted);
	return text_equal(text_str(&content), text_str(&wanted))
		       ? 0
		       : put(inherit, file, &wanted);
}

static int rewrite_files(struct inherit *inherit)
{
	CONF_LINES_AUTO after = { 0 };

	return conf_lines_walk(&after, CONF_MAIN_FILE, inherit->directory, visit, inherit,
			       inherit->fault);
}

/* Those that postgresql.conf does not have yet. */
static int add_overrides(struct inherit *inherit)
{
	STRING_AUTO file = conf_path(inherit->directory, CONF_MAIN_FILE);
	TEXT_AUTO main = { 0 };
	size_t before;

	if (conf_read(inherit->directory, CONF_MAIN_FILE, &main) < 0)
		return 0;
	before = main.len;
	for (const char *line = text_str(&inherit->overrides); *line;
	     line += pgconf_line_length(line)) {
		STRING_AUTO one = text_format("%.*s", (int)pgconf_line_length(line), line);

		if (!strstr(text_str(&main), one))
			text_addf(&main, "%s%s",
				  !main.len || main.s[main.len - 1] == '\n' ? "" : "\n",
				  one);
	}
	return main.len > before ? put(inherit, file, &main) : 0;
}

/* In the primary's own data directory, the rules have come along. */
static void find_rules(struct inherit *inherit)
{
	const char *const directories[] = { inherit->data_directory,
					    inherit->host->data_directory,
					    inherit->host->cluster.path };

	for (size_t i = 0; i < 3; i++) {
		STRING_AUTO own = text_format("%s/pg_hba.conf",
					      directories[i] ? directories[i] : "");

		if (inherit->rules && text_equal(inherit->rules, own))
			text_drop(&inherit->rules);
	}
	inherit->found->rules = inherit->rules;
	inherit->rules = NULL;
}

static int walk(const struct host *host, bool apply, struct inherited_found *ret,
		struct fault *fault)
{
	struct inherit inherit = {
		.host = host,
		.directory = host_directory(host),
		.apply = apply,
		.found = ret,
		.fault = fault,
	};
	int r;

	inherit_free(ret);
	ret->changes = false;
	r = conf_lines_read(&inherit.lines, CONF_MAIN_FILE, inherit.directory, fault);
	if (r == 0)
		r = judge_lines(&inherit);
	if (r == 0)
		r = rewrite_files(&inherit);
	if (r == 0)
		r = add_overrides(&inherit);
	find_rules(&inherit);
	conf_lines_free(&inherit.lines);
	text_free(&inherit.overrides);
	text_drop(&inherit.data_directory);
	return r;
}

int inherit_look(const struct host *host, struct inherited_found *ret, struct fault *fault)
{
	return walk(host, false, ret, fault);
}

int inherit_apply(const struct host *host, struct inherited_found *ret, struct fault *fault)
{
	return walk(host, true, ret, fault);
}
