#include "previous.h"

#include "base/file.h"

#include <errno.h>
#include <unistd.h>

enum { CONF_MAX = 4 * 1024 * 1024 };

static char *path_of(const struct host *host, const char *suffix)
{
	return text_format("%s/" PGCONF_FILE "%s", host_directory(host), suffix);
}

char *previous_rejected_path(const struct host *host)
{
	return path_of(host, ".rejected");
}

bool previous_exists(const struct host *host)
{
	STRING_AUTO kept = path_of(host, ".previous");

	return file_exists(kept);
}

int previous_keep(const struct host *host, const struct conf_lines *lines, struct fault *fault)
{
	STRING_AUTO kept = path_of(host, ".previous");
	struct pgconf conf = { 0 };
	TEXT_AUTO content = { 0 };
	int r = 0;

	if (file_exists(kept))
		return 0;
	for (size_t i = 0; i < lines->count; i++)
		if (lines->items[i].origin == CONF_OURS &&
		    conf_lines_find(lines, lines->items[i].name) == &lines->items[i])
			pgconf_set(&conf, lines->items[i].name, lines->items[i].value);
	/* an empty file: there was nothing of ours */
	if (conf.count)
		pgconf_render(&conf, host->role->name, &content);
	r = file_put(kept, 0600, text_str(&content), content.len, fault);
	pgconf_free(&conf);
	return r;
}

/* As if we had never been there; the owner may have changed the rest since. */
static int remove_ours(const struct host *host, const char *ours, struct fault *fault)
{
	STRING_AUTO path = text_format("%s/postgresql.conf", host->cluster.path);
	TEXT_AUTO now = { 0 };
	TEXT_AUTO without = { 0 };
	int r = file_read(path, CONF_MAX, &now);

	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	pgconf_remove_include(text_str(&now), &without);
	if (r == 0)
		r = file_put(path, FILE_KEEP_MODE, text_str(&without), without.len, fault);
	else
		r = 0;
	if (r == 0 && unlink(ours) < 0 && errno != ENOENT)
		r = fault_errno(fault, FAULT_OPERATOR, -errno, "could not remove \"%s\"",
				ours);
	return r;
}

int previous_restore(const struct host *host, struct fault *fault)
{
	STRING_AUTO ours = path_of(host, "");
	STRING_AUTO kept = path_of(host, ".previous");
	STRING_AUTO rejected = path_of(host, ".rejected");
	TEXT_AUTO before = { 0 };
	TEXT_AUTO now = { 0 };
	int r = file_read(kept, CONF_MAX, &before);

	if (r == 0)
		r = file_read(ours, CONF_MAX, &now);
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", kept);
	r = before.len
		    ? file_put(ours, FILE_KEEP_MODE, text_str(&before), before.len, fault)
		    : remove_ours(host, ours, fault);
	/* then: whatever happens in between, a server starts */
	if (r == 0)
		r = file_put(rejected, 0600, text_str(&now), now.len, fault);
	if (r == 0)
		previous_forget(host);
	return r;
}

static void forget(const struct host *host, const char *suffix)
{
	STRING_AUTO path = path_of(host, suffix);

	if (unlink(path) == 0)
		(void)file_sync_parent(path);
}

void previous_forget(const struct host *host)
{
	forget(host, ".previous");
}

void previous_accept(const struct host *host)
{
	forget(host, ".rejected");
}

bool previous_rejected(const struct host *host, const char *content)
{
	STRING_AUTO rejected = path_of(host, ".rejected");
	TEXT_AUTO what = { 0 };

	return file_read(rejected, CONF_MAX, &what) == 0 &&
	       text_equal(text_str(&what), content);
}
