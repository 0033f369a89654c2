/*
 * cluster_programs.c - what of cluster.h runs a program of PostgreSQL on a directory.
 */
#include "base/spawn.h"
#include "postgresql/cluster.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

enum {
	INITDB_TIMEOUT_MS = 10 * 60 * 1000,
	SINGLE_USER_TIMEOUT_MS = 5 * 60 * 1000,
	CHECK_TIMEOUT_MS = 60 * 1000,
};

/*
 * Character classes decide what upper() and \w know; a collation that changes breaks
 * indexes.
 */
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

int cluster_init(const struct cluster *cluster, const struct cluster_init *init,
		 struct fault *fault)
{
	STRING_AUTO program = text_format("%s/initdb", init->bin_directory);
	STRING_AUTO data = text_format(CLUSTER_STAGING_OPTION "%s", cluster->staging);
	STRING_AUTO user = text_format("--username=%s", init->superuser);
	STRING_AUTO locale = text_format("--locale=%s",
					 *init->locale ? init->locale : "C");
	STRING_AUTO ctype = text_format("--lc-ctype=%s", *init->locale
								 ? init->locale
								 : character_locale());
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		program,
		data,
		user,
		locale,
		ctype,
		"--encoding=UTF8",
		"--data-checksums",
		"--auth-local=peer",
		"--auth-host=scram-sha-256",
		/* all of it is synced once, when the configuration is in it too */
		"--no-sync",
		NULL,
		NULL,
	};
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = INITDB_TIMEOUT_MS,
		.err = &err,
	};
	int status;

	status = spawn_run(&spawn);
	return status ? spawn_fault(program, status, &err, fault) : 0;
}

int cluster_single_user(const char *directory, const char *bin_directory, const char *sql,
			struct text *ret, struct fault *fault)
{
	STRING_AUTO program = text_format("%s/postgres", bin_directory);
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		program,
		"--single",
		"-F",
		"-D",
		directory,
		"-c",
		"exit_on_error=true",
		/* a verifier is no password, but has no business in a log either */
		"-c",
		"log_min_error_statement=panic",
		"-c",
		"log_statement=none",
		"-c",
		"log_min_duration_statement=-1",
		"-c",
		"logging_collector=off",
		"-c",
		"log_destination=stderr",
		"-c",
		"shared_buffers=16MB",
		"-c",
		"shared_preload_libraries=",
		"-c",
		"synchronous_commit=local",
		"postgres",
		NULL,
	};
	struct spawn spawn = {
		.argv = argv,
		.input = sql,
		.timeout_ms = SINGLE_USER_TIMEOUT_MS,
		.out = ret,
		.err = &err,
	};
	int status = spawn_run(&spawn);

	return status ? spawn_fault(program, status, &err, fault) : 0;
}

int cluster_show_conf(const char *directory, const char *bin_directory, const char *name,
		      struct text *ret, struct fault *fault)
{
	STRING_AUTO program = text_format("%s/postgres", bin_directory);
	TEXT_AUTO err = { 0 };
	const char *argv[] = { program, "-D", directory, "-C", name, NULL };
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = CHECK_TIMEOUT_MS,
		.out = ret,
		.err = &err,
	};
	int status = spawn_run(&spawn);
	STRING_AUTO complaint = text_copy(text_str(&err));

	if (status < 0)
		return spawn_fault(program, status, &err, fault);
	while (ret->len && ret->s[ret->len - 1] == '\n')
		ret->s[--ret->len] = '\0';
	if (!status)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "the server does not accept the settings");
	fault_detail(fault, "%s", text_trim(complaint));
	fault_hint(
		fault,
		"Correct the parameter in section [primary.settings] or [standby.settings] of the ini, then run setup again.");
	return -EINVAL;
}

int cluster_check_conf(const char *directory, const char *bin_directory,
		       struct fault *fault)
{
	TEXT_AUTO value = { 0 };

	return cluster_show_conf(directory, bin_directory, "config_file", &value, fault);
}
