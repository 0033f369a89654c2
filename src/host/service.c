#include "host/service.h"

#include "base/clock.h"
#include "base/complaint.h"
#include "base/file.h"
#include "base/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SYSTEMCTL  "/usr/bin/systemctl"
#define JOURNALCTL "/usr/bin/journalctl"

enum {
	LOOK_TIMEOUT_MS = 30 * 1000,
	/* the journal gets its lines while systemctl has ended already */
	JOURNAL_MS = 1000,
};

static const char *const action_words[] = {
	[SERVICE_START] = "start",
	[SERVICE_RESTART] = "restart",
	[SERVICE_ENABLE] = "enable",
};

/* Environment= lists assignments, quoted if they contain blanks; the last one wins. */
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
	/* at boot, the server may be starting by itself right now */
	static const char *const active[] = { "active", "activating", "reloading", NULL };
	/* started at boot, or not to be enabled in any other way */
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

int service_look(const char *unit, struct service_state *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	const char *argv[] = {
		SYSTEMCTL,     "show", "--no-pager",    "-p", "LoadState",   "-p",
		"ActiveState", "-p",   "UnitFileState", "-p", "Environment", unit,
		NULL,
	};
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = LOOK_TIMEOUT_MS,
		.out = &out,
	};
	int r = spawn_succeed(&spawn, "systemctl show",
			      "On a host without systemd set server_control = pg_ctl in section [common].",
			      fault);

	if (r == 0)
		service_parse(out.s, ret);
	return r;
}

/* Why a server did not start, if it was said since then: only root can read that. */
static void quote_journal(const char *unit, time_t since, struct fault *fault)
{
	STRING_AUTO option = text_format("--since=@%lld", (long long)since);
	const char *argv[] = { JOURNALCTL, "--quiet",      "--no-pager",  "--unit", unit,
			       option,     "--output=cat", "--lines=200", NULL };
	long long deadline = clock_ms() + JOURNAL_MS;

	do {
		TEXT_AUTO log = { 0 };
		TEXT_AUTO line = { 0 };
		const struct spawn spawn = {
			.argv = argv,
			.timeout_ms = LOOK_TIMEOUT_MS,
			.out = &log,
		};

		if (spawn_run(&spawn) != 0)
			return;
		if (complaint_find(text_str(&log), &line)) {
			fault_detail(fault, "%s", text_str(&line));
			return;
		}
	} while (clock_ms() < deadline && clock_sleep_ms(100) == 0);
}

int service_act(const char *unit, enum service_action action, long timeout_ms,
		struct fault *fault)
{
	time_t started = time(NULL);
	STRING_AUTO name = text_format("systemctl %s", action_words[action]);
	STRING_AUTO hint =
		text_format("Read \"journalctl -xeu %s\" and the server's own log below its data directory.",
			    unit);
	const char *argv[] = { SYSTEMCTL, action_words[action], "--quiet", unit, NULL };
	const struct spawn spawn = { .argv = argv, .timeout_ms = timeout_ms };
	int r = spawn_succeed(&spawn, name, hint, fault);

	if (r == -EIO && action != SERVICE_ENABLE)
		quote_journal(unit, started, fault);
	if (r == -ETIMEDOUT) {
		fault_clear(fault);
		fault_set(fault, FAULT_RETRY, "%s has not become ready within %ld s",
			  unit, timeout_ms / 1000);
		fault_hint(fault,
			   "It is still starting: watch \"journalctl -fu %s\", then run setup again, or allow more time with start_timeout.",
			   unit);
	}
	return r;
}
