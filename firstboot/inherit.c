#include "inherit.h"

#include "base/file.h"
#include "postgresql/conftree.h"
#include "settings/inherited.h"

#include <errno.h>
#include <string.h>

#define AUTO_CONF    "postgresql.auto.conf"
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
	const char *before = strstr(text_str(names), name);

	if (!before || (before[strlen(name)] && before[strlen(name)] != ','))
		text_addf(names, "%s%s", names->len ? ", " : "", name);
}

static int refuse(const struct inherit *inherit, const struct inherited *row,
		  const char *path, const char *value)
{
	fault_set(inherit->fault, FAULT_OPERATOR, "\"%s\" is \"%s\" in the primary's %s: %s",
		  row->name, value, path, row->why);
	return fault_hint(inherit->fault,
			  "Remove it on the primary, or set it in section [standby.settings].");
}

/* 1 if the line has to be switched off, 0 if not, or a negative errno and the fault. */
static int judge_line(struct inherit *inherit, const char *path, const char *line)
{
	char name[CONFTREE_NAME_MAX];
	TEXT_AUTO value = { 0 };
	const struct inherited *row = conftree_parse(line, name, &value)
					      ? inherited_find(name)
					      : NULL;
	bool outside = *path == '/';

	if (!row || pgconf_get(&inherit->host->settings.standby_settings, name))
		return 0;
	switch (inherited_judge(row, text_str(&value), inherit->directory)) {
	case INHERITED_REFUSED:
		return refuse(inherit, row, path, text_str(&value));
	case INHERITED_NEUTRALISED:
		break;
	default:
		return 0;
	}
	remember(inherit, name, text_str(&value));
	/* without a neutral value, what this host's own file says stays */
	if (outside && row->neutral)
		text_addf(&inherit->overrides, "%s = '%s' # instead of the value in %s\n",
			  name, row->neutral, path);
	if (!outside || row->neutral)
		add_name(&inherit->found->names, name);
	return !outside;
}

static int rewrite(struct inherit *inherit, const char *path, const struct text *content,
		   struct text *ret)
{
	for (const char *line = text_str(content); *line; line += pgconf_line_length(line)) {
		int off = judge_line(inherit, path, line);

		if (off < 0)
			return off;
		if (off)
			text_add(ret, SWITCHED_OFF);
		text_add_bytes(ret, line, pgconf_line_length(line));
	}
	return 0;
}

static int put(struct inherit *inherit, const char *file, const struct text *content)
{
	inherit->found->changes = true;
	return inherit->apply ? file_put(file, FILE_KEEP_MODE, text_str(content),
					 content->len, inherit->fault)
			      : 0;
}

static int visit(void *arg, const char *path)
{
	struct inherit *inherit = arg;
	STRING_AUTO file = conftree_path(inherit->directory, path);
	TEXT_AUTO content = { 0 };
	TEXT_AUTO wanted = { 0 };
	int r;

	/* the server itself rejects what is not text */
	if (!conftree_read(inherit->directory, path, &content))
		return 0;
	r = rewrite(inherit, path, &content, &wanted);
	if (r < 0 || text_equal(text_str(&content), text_str(&wanted)))
		return r;
	return put(inherit, file, &wanted);
}

/* Those that postgresql.conf does not have yet. */
static int add_overrides(struct inherit *inherit)
{
	STRING_AUTO file = text_format("%s/postgresql.conf", inherit->directory);
	TEXT_AUTO main = { 0 };
	size_t before;

	if (!conftree_read(inherit->directory, "postgresql.conf", &main))
		return 0;
	before = main.len;
	for (const char *line = text_str(&inherit->overrides); *line;
	     line += pgconf_line_length(line)) {
		STRING_AUTO one = text_format("%.*s", (int)pgconf_line_length(line), line);

		if (!strstr(text_str(&main), one))
			text_addf(&main, "%s%s", main.s[main.len - 1] == '\n' ? "" : "\n",
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
	r = conftree_walk(inherit.directory, visit, &inherit);
	if (r == 0)
		r = visit(&inherit, AUTO_CONF);
	if (r == 0)
		r = add_overrides(&inherit);
	find_rules(&inherit);
	text_free(&inherit.overrides);
	text_drop(&inherit.data_directory);
	if (r == -E2BIG)
		fault_set(fault, FAULT_OPERATOR,
			  "the primary's postgresql.conf includes too many files");
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
