#include "host/service.h"

#include "base/file.h"
#include "base/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SYSTEMCTL "/usr/bin/systemctl"

enum { LOOK_TIMEOUT_MS = 30 * 1000 };

static const char *const action_words[] = {
	[SERVICE_START] = "start",
	[SERVICE_RESTART] = "restart",
	[SERVICE_ENABLE] = "enable",
};

/*
 * Environment= is a list of assignments, those with blanks in quotes; the last PGDATA
 * wins.
 */
static void parse_environment(const char *s, char *ret, size_t ret_size)
{
	static const char name[] = "PGDATA=";

	while (*s) {
		char quote = *s == '"' || *s == '\'' ? *s : '\0';
		const char *start = quote ? s + 1 : s;
		char ends[2] = { quote ? quote : ' ', '\0' };
		size_t len = strcspn(start, ends);

		if (text_starts_with(start, name)) {
			size_t skip = sizeof(name) - 1;

			snprintf(ret, ret_size, "%.*s", (int)(len - skip), start + skip);
		}
		s = start + len;
		s += quote && *s == quote;
		s += strspn(s, " ");
	}
}

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (text_equal(value, *words))
			return true;
	return false;
}

void service_parse(char *output, struct service_state *ret)
{
	/* at a boot the server may be starting just now, by itself */
	static const char *const active[] = { "active", "activating", "reloading", NULL };
	/* that start at boot, or that systemd would not enable in any other way */
	static const char *const enabled[] = { "enabled",   "static",   "alias",
					       "generated", "indirect", NULL };
	struct service_state state = { .loaded = false };

	for (char *line = output, *next; line && *line; line = next) {
		char *value = strchr(line, '=');

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!value || (next && value > next))
			continue;
		*value++ = '\0';
		if (text_equal(line, "LoadState")) {
			state.loaded = text_equal(value, "loaded");
			state.masked = text_equal(value, "masked");
		} else if (text_equal(line, "ActiveState")) {
			state.active = is_one_of(value, active);
		} else if (text_equal(line, "UnitFileState")) {
			state.enabled = is_one_of(value, enabled);
		} else if (text_equal(line, "Environment")) {
			parse_environment(value, state.pgdata, sizeof(state.pgdata));
		}
	}
	*ret = state;
}

static int systemctl_fault(const char *const *argv, int status, const struct text *err,
			   struct fault *fault)
{
	STRING_AUTO name = text_format("systemctl %s", argv[1]);

	return spawn_fault(name, status, err, fault);
}

int service_look(const char *unit, struct service_state *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	TEXT_AUTO err = { 0 };
	const char *argv[] = {
		SYSTEMCTL,     "show", "--no-pager",    "-p", "LoadState",   "-p",
		"ActiveState", "-p",   "UnitFileState", "-p", "Environment", unit,
		NULL,
	};
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = LOOK_TIMEOUT_MS,
		.out = &out,
		.err = &err,
	};
	int status = spawn_run(&spawn);

	if (status == 0 && out.s) {
		service_parse(out.s, ret);
		return 0;
	}
	systemctl_fault(argv, status, &err, fault);
	fault_hint(
		fault,
		"On a host without systemd set server_control = pg_ctl in section [common].");
	return -EIO;
}

int service_act(const char *unit, enum service_action action, long timeout_ms,
		struct fault *fault)
{
	TEXT_AUTO err = { 0 };
	const char *argv[] = { SYSTEMCTL, action_words[action], "--quiet", unit, NULL };
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = timeout_ms,
		.err = &err,
	};
	int status = spawn_run(&spawn);

	if (status == 0)
		return 0;
	if (status == -ETIMEDOUT) {
		fault_set(fault, FAULT_RETRY, "%s has not become ready within %ld s",
			  unit, timeout_ms / 1000);
		fault_hint(
			fault,
			"It goes on starting: watch \"journalctl -fu %s\", then run setup again, or give it more time by start_timeout.",
			unit);
		return status;
	}
	systemctl_fault(argv, status, &err, fault);
	fault_hint(
		fault,
		"Read \"journalctl -xeu %s\" and the server's own log below its data directory.",
		unit);
	return -EIO;
}

int service_pg_ctl(const char *bin_directory, const char *data_directory, const char *log,
		   enum service_action action, long timeout_ms, struct fault *fault)
{
	STRING_AUTO program = text_format("%s/pg_ctl", bin_directory);
	STRING_AUTO name = NULL;
	TEXT_AUTO err = { 0 };
	/*
	 * -W to start: pg_ctl looks ten times a second, the caller more often. To restart
	 * it has to wait, for the old server to be gone.
	 */
	const char *argv[] = {
		program, action_words[action],
		"-D",    data_directory,
		"-l",    log,
		"-s",    action == SERVICE_START ? "-W" : "-w",
		"-m",    "fast",
		NULL,
	};
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = timeout_ms,
		.leaves_server = true,
		.err = &err,
	};
	int status;

	if (action == SERVICE_START)
		argv[8] = NULL;
	status = spawn_run(&spawn);
	if (status == 0)
		return 0;
	if (status == -ETIMEDOUT)
		return fault_set(fault, FAULT_RETRY,
				 "the server has not become ready within %ld s",
				 timeout_ms / 1000);
	name = text_format("%s %s", program, action_words[action]);
	spawn_fault(name, status, &err, fault);
	if (status != -ECANCELED)
		fault_hint(fault, "Read \"%s\".", log);
	return -EIO;
}
