#include "host/selinux.h"

#include "base/file.h"
#include "base/spawn.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTORECON "/usr/sbin/restorecon"

enum { TIMEOUT_MS = 10 * 60 * 1000 };

#define TOOLS_HINT                                                                       \
	"SELinux is enabled, but its tools are missing: install libselinux-utils, policycoreutils and policycoreutils-python (policycoreutils-python-utils from EL 8 on)."

static int run(const char *const *argv, struct text *out, struct fault *fault)
{
	const struct spawn spawn = { .argv = argv, .timeout_ms = TIMEOUT_MS, .out = out };

	return spawn_succeed(&spawn, NULL, TOOLS_HINT, fault);
}

/* Does the policy give the directory the type that the server may write to? */
static int policy_knows(const char *directory, struct fault *fault)
{
	const char *argv[] = { "/usr/sbin/matchpathcon", "-n", directory, NULL };
	TEXT_AUTO out = { 0 };
	int r = run(argv, &out, fault);

	return r < 0 ? r : strstr(text_str(&out), ":" SELINUX_DATA_TYPE ":") != NULL;
}

/*
 * 1 if restorecon would change the label of path itself, 0 if not. What is below it is
 * labelled before it; files that the server creates later are not checked.
 */
static int label_differs(const char *path, struct fault *fault)
{
	const char *argv[] = { RESTORECON, "-n", "-v", path, NULL };
	TEXT_AUTO out = { 0 };
	int r;

	/* in a dry run it may not exist yet */
	if (!file_exists(path))
		return 0;
	r = run(argv, &out, fault);
	return r < 0 ? r : out.len > 0;
}

static int is_enabled(struct fault *fault)
{
	const char *argv[] = { "/usr/sbin/selinuxenabled", NULL };
	const struct spawn spawn = { .argv = argv, .timeout_ms = TIMEOUT_MS };

	/* without libselinux-utils, SELinux is not in use */
	if (access(argv[0], X_OK) < 0)
		return 0;
	return spawn_ask(&spawn, NULL, TOOLS_HINT, 1, fault);
}

/* The regular expression for a directory, as semanage expects it. */
static void add_pattern(struct text *ret, const char *directory)
{
	/* special characters in the path stand for themselves */
	for (; *directory; directory++) {
		if (strchr(".^$*+?()[]{}|\\", *directory))
			text_add(ret, "\\");
		text_add_bytes(ret, directory, 1);
	}
	text_add(ret, "(\\.pgpass|\\.log|/.*)?");
}

static void want_rule(struct text *rules, const char *directory)
{
	text_addf(rules, "%ssemanage fcontext -a -t " SELINUX_DATA_TYPE " '",
		  rules->len ? "; " : "");
	add_pattern(rules, directory);
	text_add(rules, "'");
}

static void want_label(struct selinux_look *look, const char *path)
{
	text_addf(&look->labels, "%s %s", look->labels.len ? "" : "restorecon -R", path);
}

/* The path to be labelled; if it cannot be resolved, a later step says why. */
static char *real_path(const char *path)
{
	char *real = file_real_path(path);

	return real ? real : text_copy(path);
}

static int look_at_directory(const char *directory, struct selinux_look *ret,
			     struct fault *fault)
{
	STRING_AUTO real = real_path(directory);
	int known = policy_knows(real, fault);
	int differs = known > 0 ? label_differs(real, fault) : 0;

	if (known < 0 || differs < 0)
		return known < 0 ? known : differs;
	if (!known)
		want_rule(text_equal(real, directory) ? &ret->rules : &ret->by_hand, real);
	if (!known || differs)
		want_label(ret, real);
	return 0;
}

int selinux_look(const struct selinux_place *place, struct selinux_look *ret,
		 struct fault *fault)
{
	int r = is_enabled(fault);

	*ret = (struct selinux_look){ .enabled = r > 0 };
	if (r <= 0)
		return r;
	for (size_t i = 0; place->directories[i]; i++) {
		r = look_at_directory(place->directories[i], ret, fault);
		if (r < 0)
			return r;
	}
	r = label_differs(place->passfile, fault);
	if (r > 0)
		want_label(ret, place->passfile);
	return r < 0 ? r : 0;
}

void selinux_look_free(struct selinux_look *look)
{
	text_free(&look->rules);
	text_free(&look->by_hand);
	text_free(&look->labels);
}

static int add_rule(const char *directory, struct fault *fault)
{
	TEXT_AUTO pattern = { 0 };
	const char *argv[] = { "/usr/sbin/semanage", "fcontext", "-a", "-t",
			       SELINUX_DATA_TYPE,    NULL,       NULL };

	add_pattern(&pattern, directory);
	argv[5] = text_str(&pattern);
	return run(argv, NULL, fault);
}

int selinux_add_rules(const struct selinux_place *place, struct fault *fault)
{
	for (size_t i = 0; place->directories[i]; i++) {
		STRING_AUTO real = real_path(place->directories[i]);
		int r = policy_knows(real, fault);

		if (r == 0 && text_equal(real, place->directories[i]))
			r = add_rule(real, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

static int restore_one(const char *path, struct fault *fault)
{
	const char *const argv[] = { RESTORECON, path, NULL };

	return file_exists(path) ? run(argv, NULL, fault) : 0;
}

/* Everything below a directory, in one call. */
static int restore_below(const char *directory, struct fault *fault)
{
	DIR_AUTO dir = opendir(directory);
	const struct dirent *entry;
	const char **argv = mem_zalloc(3 * sizeof(*argv));
	size_t count = 0;
	int r = 0;

	argv[count++] = RESTORECON;
	argv[count++] = "-R";
	while (dir && (entry = file_next(dir))) {
		argv = mem_resize(argv, (count + 2) * sizeof(*argv));
		argv[count++] = text_format("%s/%s", directory, entry->d_name);
		argv[count] = NULL;
	}
	if (count > 2)
		r = run(argv, NULL, fault);
	while (count-- > 2)
		free((char *)argv[count]);
	free(argv);
	return r;
}

int selinux_restore(const struct selinux_place *place, struct fault *fault)
{
	for (size_t i = 0; place->directories[i]; i++) {
		STRING_AUTO real = real_path(place->directories[i]);
		int r = restore_below(real, fault);

		if (r == 0)
			r = restore_one(real, fault);
		if (r < 0)
			return r;
	}
	return restore_one(place->passfile, fault);
}
