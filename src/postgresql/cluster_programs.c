/*
 * cluster_programs.c - the part of cluster.h that runs PostgreSQL's programs on a
 * directory.
 */
#include "base/file.h"
#include "base/spawn.h"
#include "postgresql/cluster.h"
#include "postgresql/db.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	INITDB_TIMEOUT_MS = 10 * 60 * 1000,
	SINGLE_USER_TIMEOUT_MS = 5 * 60 * 1000,
	CHECK_TIMEOUT_MS = 60 * 1000,
	CONF_MAX = 1024 * 1024,
};

/* LC_CTYPE alone, for upper() and \w: a collation of the C library can break indexes. */
static const char *character_locale(void)
{
	static const char *const candidates[] = { "C.UTF-8", "en_US.UTF-8" };

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		locale_t found = newlocale(LC_CTYPE_MASK, candidates[i], (locale_t)0);

		if (found) {
			freelocale(found);
			return candidates[i];
		}
	}
	return "C";
}

static void hint_at_locale(const char *locale, struct fault *fault)
{
	if (strstr(text_str(&fault->detail), "invalid locale name"))
		fault_hint(fault,
			   "Choose a locale from the output of \"locale -a\" on this host, or install it: with localedef on EL 7, with the package glibc-langpack-%.*s on EL 8 and later.",
			   (int)strcspn(locale, "_.@"), locale);
}

/* Puts a line before the content of a file of staging. */
static int put_first(const struct cluster *cluster, const char *name, const char *line,
		     struct fault *fault)
{
	STRING_AUTO path = text_format("%s/%s", cluster->staging, name);
	TEXT_AUTO content = { 0 };
	int r;

	text_add(&content, line);
	r = file_read(path, CONF_MAX, &content);
	if (r < 0)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	return file_put(path, FILE_KEEP_MODE, text_str(&content), content.len, fault);
}

/* Both files quote names as SQL does. */
static int add_map(const struct cluster *cluster, const char *user, const char *superuser,
		   struct fault *fault)
{
	TEXT_AUTO rule = { 0 };
	TEXT_AUTO map = { 0 };
	int r;

	text_add(&rule, "local all ");
	db_add_identifier(&rule, superuser);
	text_add(&rule, " peer map=pgrepl\n");
	text_add(&map, "pgrepl ");
	db_add_identifier(&map, user);
	text_add(&map, " ");
	db_add_identifier(&map, superuser);
	text_add(&map, "\n");
	r = put_first(cluster, "pg_hba.conf", text_str(&rule), fault);
	return r < 0 ? r : put_first(cluster, "pg_ident.conf", text_str(&map), fault);
}

int cluster_init(const struct cluster *cluster, const struct programs *programs,
		 const char *user, const char *superuser, const char *locale,
		 struct fault *fault)
{
	STRING_AUTO data = text_format(CLUSTER_STAGING_OPTION "%s", cluster->staging);
	STRING_AUTO role = text_format("--username=%s", superuser);
	STRING_AUTO collate = text_format("--locale=%s", *locale ? locale : "C");
	STRING_AUTO ctype = text_format("--lc-ctype=%s",
					*locale ? locale : character_locale());
	const char *argv[] = {
		programs->initdb,
		data,
		role,
		collate,
		ctype,
		"--encoding=UTF8",
		"--data-checksums",
		"--auth-local=peer",
		"--auth-host=scram-sha-256",
		/* everything is synced at once, together with the configuration */
		"--no-sync",
		NULL,
	};
	const struct spawn spawn = { .argv = argv, .timeout_ms = INITDB_TIMEOUT_MS };
	int r = spawn_succeed(&spawn, NULL, NULL, fault);

	if (r < 0 && *locale)
		hint_at_locale(locale, fault);
	return r < 0 || text_equal(user, superuser)
		       ? r
		       : add_map(cluster, user, superuser, fault);
}

int cluster_single_user(const char *directory, const struct programs *programs,
			const struct secret *sql, struct text *ret, struct fault *fault)
{
	const char *argv[] = {
		programs->postgres,
		"--single",
		"-F",
		"-D",
		directory,
		"--exit_on_error=true",
		/* a verifier is not a password, but does not belong in a log either */
		"--log_min_error_statement=panic",
		"--log_statement=none",
		"--log_min_duration_statement=-1",
		"--logging_collector=off",
		"--log_destination=stderr",
		"--shared_buffers=16MB",
		"--shared_preload_libraries=",
		"--synchronous_commit=local",
		"postgres",
		NULL,
	};
	const struct spawn spawn = {
		.argv = argv,
		.input = sql,
		.timeout_ms = SINGLE_USER_TIMEOUT_MS,
		.out = ret,
	};

	return spawn_succeed(&spawn, NULL, NULL, fault);
}

int cluster_show_conf(const char *directory, const struct programs *programs,
		      const char *name, struct text *ret, struct fault *fault)
{
	TEXT_AUTO err = { 0 };
	const char *argv[] = { programs->postgres, "-D", directory, "-C", name, NULL };
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = CHECK_TIMEOUT_MS,
		.out = ret,
		.err = &err,
	};
	int status = spawn_run(&spawn);

	if (status < 0)
		return spawn_fault(programs->postgres, status, &err, fault);
	while (ret->len && ret->s[ret->len - 1] == '\n')
		text_shorten(ret, ret->len - 1);
	if (!status)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "the server does not accept the settings");
	if (err.len)
		fault_detail(fault, "%s", text_trim(err.s));
	return fault_hint(fault, "Correct the configuration in \"%s\", then run setup again.",
			  directory);
}

/* A file without a name, at its beginning: a pipe does not do, as the server reads it twice. */
static int open_unnamed(const struct text *content)
{
	char path[] = "/tmp/pgrepl-XXXXXX";
	int fd = mkstemp(path), r;

	if (fd < 0)
		return -errno;
	(void)unlink(path);
	r = file_write_all(fd, text_str(content), content->len);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* Nobody else has seen the file. */
static void add_without_place(struct text *ret, const char *said, const char *place)
{
	for (const char *at; (at = strstr(said, place)); said = at + strcspn(at, "\n"))
		text_add_bytes(ret, said, (size_t)(at - said));
	text_add(ret, said);
}

int cluster_try_conf(const struct programs *programs, const struct text *content,
		     struct text *ret_why, struct fault *fault)
{
	int fd = open_unnamed(content), status;
	STRING_AUTO file = text_format("--config_file=/proc/self/fd/%d", fd);
	STRING_AUTO place = text_format(" in file \"/proc/self/fd/%d\"", fd);
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		programs->postgres,
		/* it only has to exist */
		"-D",
		"/",
		file,
		"--log_destination=stderr",
		"--log_line_prefix=",
		"--lc_messages=C",
		"-C",
		"config_file",
		NULL,
	};
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = CHECK_TIMEOUT_MS,
		.keep_fd = fd,
		.err = &err,
	};

	if (fd < 0)
		return fault_errno(fault, FAULT_OPERATOR, fd,
				   "could not create a file in \"/tmp\"");
	status = spawn_run(&spawn);
	close(fd);
	if (status < 0)
		return spawn_fault(programs->postgres, status, &err, fault);
	add_without_place(ret_why, text_str(&err), place);
	return !status;
}

/* The first data that a server opens, with all libraries loaded and its memory allocated. */
#define GIVES_UP "FATAL:  could not open directory \"pg_notify\""

int cluster_try(const char *directory, const struct programs *programs,
		const char *preload, struct text *ret_why, struct fault *fault)
{
	STRING_AUTO libraries = text_format("--shared_preload_libraries=%s",
					    preload ? preload : "");
	STRING_AUTO own = text_format("--data_directory=%s", directory);
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		programs->postgres,
		"-F",
		"-D",
		directory,
		/* whatever the configuration says: it might name a cluster with data */
		own,
		/* a socket inside of it, as some majors want one by then */
		"--listen_addresses=",
		"--unix_socket_directories=.",
		/* the certificate is made later */
		"--ssl=off",
		"--logging_collector=off",
		"--log_destination=stderr",
		"--log_min_messages=warning",
		"--log_line_prefix=",
		"--lc_messages=C",
		preload ? libraries : NULL,
		NULL,
	};
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = CHECK_TIMEOUT_MS,
		.err = &err,
	};
	int status = spawn_run(&spawn);

	if (status < 0)
		return spawn_fault(programs->postgres, status, &err, fault);
	if (strstr(text_str(&err), GIVES_UP))
		return 1;
	text_add(ret_why, text_str(&err));
	return 0;
}

int cluster_start(const struct cluster *cluster, const struct programs *programs,
		  const char *log, bool restart, long timeout_ms, struct fault *fault)
{
	STRING_AUTO name = text_format("%s %s", programs->pg_ctl,
				       restart ? "restart" : "start");
	STRING_AUTO hint = text_format("Read \"%s\".", log);
	const char *const argv[] = {
		programs->pg_ctl,
		restart ? "restart" : "start",
		"-s",
		"-D",
		cluster->path,
		"-l",
		log,
		/* pg_ctl polls ten times a second, our caller more often */
		restart ? "-w" : "-W",
		restart ? "-mfast" : NULL,
		NULL,
	};
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = timeout_ms,
		.leaves_server = true,
	};
	int r = spawn_succeed(&spawn, name, hint, fault);

	if (r == -ETIMEDOUT) {
		fault_clear(fault);
		fault_set(fault, FAULT_RETRY, "the server has not become ready within %ld s",
			  timeout_ms / 1000);
		fault_hint(fault,
			   "%s Then run setup again, or allow more time with start_timeout.",
			   hint);
	}
	return r;
}
