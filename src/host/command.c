#include "host/command.h"

#include "base/file.h"
#include "host/bus.h"
#include "host/environment.h"

#include <stdio.h>
#include <string.h>

/* The lines of bus_service_get(), in this order. */
static const char *const properties[] = {
	"User", "Environment", "EnvironmentFiles", "ExecStart", NULL,
};

enum { PROPERTIES = sizeof(properties) / sizeof(properties[0]) - 1 };

static int PRINTF_LIKE(3, 4)
	refuse(const char *unit, struct fault *fault, const char *why, ...)
{
	TEXT_AUTO text = { 0 };
	va_list args;

	va_start(args, why);
	text_addv(&text, why, args);
	va_end(args);
	fault_set(fault, FAULT_OPERATOR, "could not find out the data directory of %s: %s",
		  unit, text_str(&text));
	return fault_hint(fault,
			  "See \"systemctl cat %s\". With \"systemctl edit %s\", set PGDATA by Environment=, and leave it to ExecStart= as -D ${PGDATA}.",
			  unit, unit);
}

/* "$NAME" or "${NAME}" becomes the variable's value. */
static int expand(const struct environment *environment, struct text *argument,
		  struct fault *fault)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	bool braces = text_starts_with(argument->s, "${");
	const char *start = argument->s + (braces ? 2 : 1);
	STRING_AUTO name = NULL;
	size_t len;
	int r;

	if (!strchr(argument->s, '$'))
		return 0;
	len = strspn(start, letters);
	if (*argument->s != '$' || !len || !text_equal(start + len, braces ? "}" : ""))
		return refuse(environment->unit, fault, "its -D is \"%s\"", argument->s);
	name = text_format("%.*s", (int)len, start);
	r = environment_find(environment, name, argument, fault);
	if (r < 0)
		return r;
	if (!r || !argument->len)
		return refuse(environment->unit, fault, "its -D is $%s, which is not set",
			      name);
	/* without braces, systemd makes words of it */
	if (!braces && strpbrk(argument->s, " \t\n\"'"))
		return refuse(environment->unit, fault,
			      "its -D is $%s without braces, and the value has blanks",
			      name);
	return 0;
}

/* Of -D or --pgdata: "" if the value is the next word, NULL if the word is neither. */
static const char *option_value(const char *word)
{
	static const char pgdata[] = "--pgdata=";

	if (text_equal(word, "-D") || text_equal(word, "--pgdata"))
		return "";
	if (text_starts_with(word, "-D/") || text_starts_with(word, "-D$"))
		return word + 2;
	return text_starts_with(word, pgdata) ? word + sizeof(pgdata) - 1 : NULL;
}

/* A data directory in a form that is not looked into, as in sh -c 'postgres -D ...'. */
static bool is_opaque(const char *word)
{
	return strstr(word, " -D") || strstr(word, "data_directory=") ||
	       strstr(word, "data-directory=") || strstr(word, " --pgdata");
}

/* -D of postgres, postmaster or pg_ctl, perhaps behind another program; *ret is empty without. */
static int find_option(const struct environment *environment, const char *at,
		       struct text *ret, struct fault *fault)
{
	TEXT_AUTO word = { 0 };
	int r;

	while ((r = bus_word(&at, &word)) > 0) {
		const char *value = option_value(text_str(&word));

		if (is_opaque(text_str(&word)))
			return refuse(environment->unit, fault,
				      "its ExecStart= has \"%s\"", word.s);
		if (!value)
			continue;
		text_reset(ret);
		text_add(ret, value);
		if (!*value && bus_word(&at, ret) != 1)
			return refuse(environment->unit, fault, "its -D has no value");
	}
	return r < 0 || !ret->len ? r : expand(environment, ret, fault);
}

static int keep_path(const char *unit, const struct text *path, struct command *ret,
		     struct fault *fault)
{
	for (const char *s = text_str(path); *s; s++)
		if ((unsigned char)*s < ' ')
			return refuse(unit, fault, "its name has control characters");
	if (path->len && *path->s != '/')
		return refuse(unit, fault, "\"%s\" is not an absolute path", path->s);
	if (path->len >= sizeof(ret->data_directory))
		return refuse(unit, fault, "it is too long");
	snprintf(ret->data_directory, sizeof(ret->data_directory), "%s", text_str(path));
	file_tidy_path(ret->data_directory);
	return 0;
}

static int find_directory(const struct environment *environment, const char *exec_start,
			  struct command *ret, struct fault *fault)
{
	TEXT_AUTO option = { 0 };
	TEXT_AUTO pgdata = { 0 };
	int r = find_option(environment, exec_start, &option, fault);

	if (r >= 0)
		r = environment_find(environment, "PGDATA", &pgdata, fault);
	if (r < 0)
		return fault->class == FAULT_NONE ? refuse(environment->unit, fault,
							   "its ExecStart= is unreadable")
						  : r;
	if (r && pgdata.len && option.len) {
		file_tidy_path(option.s);
		file_tidy_path(pgdata.s);
		if (!text_equal(option.s, pgdata.s) && !file_is_same(option.s, pgdata.s))
			return refuse(environment->unit, fault,
				      "its PGDATA is \"%s\", and its -D is \"%s\"",
				      pgdata.s, option.s);
	}
	return keep_path(environment->unit, option.len ? &option : &pgdata, ret, fault);
}

static bool is_postgresql(const char *program)
{
	static const char *const names[] = { "postgres", "postmaster", "pg_ctl" };
	const char *slash = strrchr(program, '/');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_equal(slash ? slash + 1 : program, names[i]))
			return true;
	return false;
}

/* Only the first command is of interest: a service of another type than oneshot has no other. */
static int parse(const char *unit, char *const *lines, struct command *ret, struct fault *fault)
{
	const struct environment environment = {
		.unit = unit,
		.assignments = lines[1],
		.files = lines[2],
	};
	const char *user = lines[0], *exec = lines[3];
	TEXT_AUTO word = { 0 };

	if (bus_skip(&user, 1) < 0 || bus_word(&user, &word) < 0 ||
	    word.len >= sizeof(ret->user) || bus_skip(&exec, 2) < 0)
		return refuse(unit, fault, "systemd's answer is unreadable");
	snprintf(ret->user, sizeof(ret->user), "%s", text_str(&word));
	/* the program, the number of arguments, and the first of these, which is the program */
	if (bus_word(&exec, &word) != 1)
		return refuse(unit, fault, "it has no ExecStart=");
	if (!*ret->user && is_postgresql(text_str(&word)))
		snprintf(ret->user, sizeof(ret->user), "root");
	return find_directory(&environment, exec, ret, fault);
}

int command_parse(const char *unit, char *output, struct command *ret, struct fault *fault)
{
	struct command command = { .user = "" };
	char *lines[PROPERTIES] = { 0 };
	int r;

	for (size_t i = 0; i < PROPERTIES; i++) {
		lines[i] = strsep(&output, "\n");
		if (!lines[i])
			return refuse(unit, fault, "systemd's answer is too short");
	}
	r = parse(unit, lines, &command, fault);
	if (r == 0)
		*ret = command;
	return r;
}

int command_look(const char *unit, struct command *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	int r = bus_service_get(unit, properties, &out, fault);

	return r < 0 ? r : command_parse(unit, out.s, ret, fault);
}
