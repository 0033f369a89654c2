#include "postgresql/stale.h"

#include "base/file.h"
#include "base/secret.h"
#include "postgresql/certificate.h"
#include "postgresql/cluster.h"
#include "postgresql/conf_lines.h"
#include "postgresql/pgconf.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

/* Names in the data directory (fnmatch(3)). */
static const char *const stale[] = {
	/* a server of 12 or later does not start with it */
	"recovery.conf",
	"recovery.done",
	/* would recover to a target, and end as a primary */
	"recovery.signal",
	/* would end recovery (PROMOTE_SIGNAL_FILE of xlog.h) */
	"promote",
	"fallback_promote",
	/* of other backups; a manifest does not fit once settings are written */
	"backup_label.old",
	"tablespace_map.old",
	"backup_manifest",
	"backup_manifest.tmp",
	/* of the primary's server */
	"postmaster.pid",
	"postmaster.opts",
	"current_logfiles",
	"current_logfiles.tmp",
	"logrotate",
	"postgresql.auto.conf.tmp",
	/* the memory of other processes */
	"core",
	"core.[0-9]*",
	/* of a setup on the primary's host */
	"*.pgrepl-new",
	CLUSTER_MARK,
	".pgrepl-staging*",
	/* who has the key can pose as the primary; each server has its own */
	CERTIFICATE_KEY_FILE,
	CERTIFICATE_FILE,
};

static bool is_stale(const char *name)
{
	for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
		if (fnmatch(stale[i], name, 0) == 0)
			return true;
	return false;
}

static int remove_path(const char *path, struct fault *fault)
{
	int r = file_remove_tree(path);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r, "could not remove \"%s\"", path)
		     : 0;
}

struct keys {
	const char *directory;
	struct fault *fault;
};

/* The configuration is the primary's: what it names need not be a key. */
static bool is_key(const char *path)
{
	enum { KEY_MAX = 64 * 1024 };
	SECRET_AUTO content = { { 0 } };
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read(path, KEY_MAX, secret_text(&content)) == 0 &&
	       secret_is_set(&content) &&
	       strstr(secret_reveal(&content), "PRIVATE KEY-----");
}

/*
 * An absolute path is one of the primary's host, and may lead into its data directory:
 * what is found here by the end of it has come from there.
 */
static int remove_key(const struct keys *keys, const char *path)
{
	int r = 0;

	if (strstr(path, ".."))
		return 0;
	for (const char *rest = path; r == 0 && rest; rest = strchr(rest, '/')) {
		STRING_AUTO file = NULL;

		rest += strspn(rest, "/");
		file = text_format("%s/%s", keys->directory, rest);
		if (*rest && is_key(file))
			r = remove_path(file, keys->fault);
	}
	return r;
}

/* What the primary's own setup has written counts too. */
static int remove_keys(const struct keys *keys)
{
	CONF_LINES_AUTO lines = { 0 };
	int r = conf_lines_read(&lines, CONF_MAIN_FILE, keys->directory, keys->fault);

	for (size_t i = 0; r == 0 && i < lines.count; i++)
		if (text_equal(lines.items[i].name, "ssl_key_file"))
			r = remove_key(keys, lines.items[i].value);
	return r;
}

static int remove_stale(const char *directory, struct fault *fault)
{
	DIR_AUTO dir = opendir(directory);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return fault_errno(fault, FAULT_OPERATOR, -errno, "could not read \"%s\"",
				   directory);
	while (r == 0 && (entry = file_next(dir))) {
		STRING_AUTO path = text_format("%s/%s", directory, entry->d_name);

		if (is_stale(entry->d_name))
			r = remove_path(path, fault);
	}
	return r;
}

/* The folder whose links belong there. */
struct links {
	struct stat tablespaces;
};

/* A backup sends links as what they point to: one could lead our writes anywhere. */
static int remove_link(void *arg, int dir_fd, const char *name, const struct stat *st)
{
	const struct links *links = arg;
	struct stat folder;

	if (!S_ISLNK(st->st_mode))
		return 0;
	if (fstat(dir_fd, &folder) == 0 && folder.st_ino == links->tablespaces.st_ino &&
	    folder.st_dev == links->tablespaces.st_dev)
		return 0;
	return unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
}

static int remove_links(const char *directory, struct fault *fault)
{
	STRING_AUTO folder = text_format("%s/pg_tblspc", directory);
	struct links links;
	int r = lstat(folder, &links.tablespaces) < 0
			? -errno
			: file_walk(directory, remove_link, &links);

	return r < 0 ? fault_errno(fault, FAULT_OPERATOR, r,
				   "could not look through the clone \"%s\"", directory)
		     : 0;
}

int stale_remove(const char *directory, struct fault *fault)
{
	struct keys keys = { .directory = directory, .fault = fault };
	int r = remove_links(directory, fault);

	if (r == 0)
		r = remove_keys(&keys);
	return r < 0 ? r : remove_stale(directory, fault);
}
