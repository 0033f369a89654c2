/*
 * stale.c - what is removed from a fresh clone, and what stays.
 */
#include "postgresql/stale.h"

#include "base/file.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#define KEY "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"

static char *in(const char *folder, const char *name)
{
	return text_format("%s/%s", folder, name);
}

static void put(const char *folder, const char *name, const char *content)
{
	STRING_AUTO path = in(folder, name);

	CHECK(file_replace(path, 0600, content, strlen(content)) >= 0);
}

static void put_folder(const char *folder, const char *name)
{
	STRING_AUTO path = in(folder, name);

	CHECK(mkdir(path, 0700) == 0);
}

static void put_link(const char *folder, const char *name, const char *target)
{
	STRING_AUTO path = in(folder, name);

	CHECK(symlink(target, path) == 0);
}

/* Is there such a name, even a dangling link? */
static bool is_there(const char *folder, const char *name)
{
	STRING_AUTO path = in(folder, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static void all_stay(const char *clone, const char *const *names, bool expected)
{
	for (; *names; names++) {
		if (is_there(clone, *names) != expected)
			printf("%s\n", *names);
		CHECK(is_there(clone, *names) == expected);
	}
}

static void a_clone_is_tidied(const char *folder)
{
	static const char *const files[] = { "recovery.conf",    "recovery.signal",
					     "backup_label.old", "postmaster.opts",
					     "core.1234",        "server.key.pgrepl-new",
					     "server.crt",       "backup_manifest",
					     "pgrepl.clone",     NULL };
	static const char *const others[] = { "backup_label",
					      "tablespace_map",
					      "core_of_ours",
					      "corec.conf",
					      "standby.signal",
					      "PG_VERSION",
					      NULL };
	static const char *const keys[] = { "server.key", "tls/a.key", "tls/b.key",
					    "c.key", NULL };
	static const char *const no_keys[] = { "base", "tls/not-a.key", "tls/other.key",
					       NULL };
	static const char *const links[] = { "link", "tls/link", "postgresql.auto.conf",
					     NULL };
	STRING_AUTO clone = in(folder, "clone");
	FAULT_AUTO fault = { 0 };

	put(folder, "outside", "kept");
	put_folder(folder, "clone");
	put_folder(clone, "pg_tblspc");
	put_folder(clone, "tls");
	put_folder(clone, "base");
	put_folder(clone, ".pgrepl-staging");
	for (size_t i = 0; files[i]; i++)
		put(clone, files[i], "stale");
	for (size_t i = 0; others[i]; i++)
		put(clone, others[i], "");
	for (size_t i = 0; keys[i]; i++)
		put(clone, keys[i], KEY);
	put(clone, "tls/not-a.key", "certificate");
	put(clone, "tls/other.key", KEY);
	for (size_t i = 0; links[i]; i++)
		put_link(clone, links[i], "../outside");
	put_link(clone, "pg_tblspc/16384", "/srv/space");
	put(clone, "postgresql.conf",
	    "ssl_key_file = 'tls/a.key'\nssl_key_file '/srv/data/tls/b.key'\n"
	    "ssl_key_file = '/etc/c.key'\nssl_key_file = 'tls/not-a.key'\n"
	    "ssl_key_file = 'base'\nssl_key_file = '../outside'\n");
	NUMBER(stale_remove(clone, &fault), 0);
	EQUAL(text_str(&fault.message), "");
	all_stay(clone, files, false);
	all_stay(clone, keys, false);
	all_stay(clone, links, false);
	all_stay(clone, others, true);
	all_stay(clone, no_keys, true);
	CHECK(!is_there(clone, ".pgrepl-staging"));
	CHECK(is_there(clone, "pg_tblspc/16384"));
	CHECK(is_there(folder, "outside"));
}

static void what_is_no_clone_is_refused(const char *folder)
{
	STRING_AUTO nothing = in(folder, "nothing");
	FAULT_AUTO fault = { 0 };

	CHECK(stale_remove(nothing, &fault) < 0);
	NUMBER(fault.class, FAULT_OPERATOR);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		a_clone_is_tidied(argv[1]);
		what_is_no_clone_is_refused(argv[1]);
	}
	return unit_end();
}
