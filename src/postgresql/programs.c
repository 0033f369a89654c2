#include "postgresql/programs.h"

#include "base/spawn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { VERSION_TIMEOUT_MS = 30 * 1000 };

/* "postgres (PostgreSQL) 12.22" */
static int ask_version(struct programs *programs, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	const char *argv[] = { programs->postgres, "--version", NULL };
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = VERSION_TIMEOUT_MS,
		.out = &out,
	};
	STRING_AUTO major = NULL;
	const char *version;
	int r = spawn_succeed(&spawn, NULL, NULL, fault);

	if (r < 0)
		return r;
	version = out.s ? strstr(text_trim(out.s), ") ") : NULL;
	version = version ? version + strlen(") ") : "";
	major = text_format("%.*s", (int)strspn(version, "0123456789"), version);
	if (text_to_long(major, 1, 1000, &programs->number) < 0)
		return fault_set(fault, FAULT_OPERATOR, "\"%s\" has an unknown version",
				 programs->postgres);
	programs->version = text_copy(version);
	return 0;
}

int programs_find(struct programs *ret, const char *directory, struct fault *fault)
{
	const struct {
		const char *name;
		char **path;
	} all[] = {
		{ "postgres", &ret->postgres },
		{ "initdb", &ret->initdb },
		{ "pg_basebackup", &ret->pg_basebackup },
		{ "pg_ctl", &ret->pg_ctl },
	};
	int r;

	programs_free(ret);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i].path = text_format("%s/%s", directory, all[i].name);
		if (access(*all[i].path, X_OK) == 0)
			continue;
		fault_errno(fault, FAULT_OPERATOR, -errno, "could not run \"%s\"",
			    *all[i].path);
		return fault_hint(fault,
				  "Install postgresql%d-server, or set bin_directory in section [common].",
				  PGMAJOR);
	}
	r = ask_version(ret, fault);
	if (r < 0)
		return r;
	ret->major = major_find((int)ret->number);
	if (ret->major)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "PostgreSQL %s in \"%s\" is too old",
		  ret->version, directory);
	return fault_hint(fault, "Version 12 is the oldest that has standby.signal.");
}

void programs_free(struct programs *programs)
{
	text_drop(&programs->postgres);
	text_drop(&programs->initdb);
	text_drop(&programs->pg_basebackup);
	text_drop(&programs->pg_ctl);
	text_drop(&programs->version);
	memset(programs, 0, sizeof(*programs));
}
