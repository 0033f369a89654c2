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

/* Is it one of the words of a property's value? */
static bool has_word(const char *output, const char *property, const char *word)
{
	size_t name_len = strlen(property), word_len = strlen(word);

	for (const char *s = output; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		if (strncmp(s, property, name_len) != 0 || s[name_len] != '=')
			continue;
		for (s += name_len + 1; *s && *s != '\n'; s += *s == ' ') {
			size_t len = strcspn(s, " \n");

			if (len == word_len && strncmp(s, word, len) == 0)
				return true;
			s += len;
		}
	}
	return false;
}

static bool has_one_of(const char *output, const char *property, const char *const *words)
{
	for (; *words; words++)
		if (has_word(output, property, *words))
			return true;
	return false;
}

void service_parse(const char *output, struct service_state *ret)
{
	/* at boot, the server may be starting by itself right now */
	static const char *const active[] = { "active", "activating", "reloading", NULL };
	/* that is "activating" too: it has failed, and will be started again after a while */
	static const char *const restart[] = { "auto-restart", "auto-restart-queued", NULL };
	/* started at boot, or not to be enabled in any other way */
	static const char *const enabled[] = { "enabled",   "static",   "alias",
					       "generated", "indirect", NULL };

	*ret = (struct service_state){
		.loaded = has_word(output, "LoadState", "loaded"),
		.masked = has_word(output, "LoadState", "masked"),
		.active = has_one_of(output, "ActiveState", active) &&
			  !has_one_of(output, "SubState", restart),
		.enabled = has_one_of(output, "UnitFileState", enabled),
		.without_pgdata = has_word(output, "UnsetEnvironment", "PGDATA"),
	};
}

int service_look(const char *unit, struct service_state *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	const char *argv[] = {
		SYSTEMCTL,
		"show",
		"--no-pager",
		"--property=LoadState,ActiveState,SubState,UnitFileState,UnsetEnvironment",
		unit,
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
		service_parse(text_str(&out), ret);
	return r;
}

int service_act(const char *unit, enum service_action action, long timeout_ms,
		struct fault *fault)
{
	STRING_AUTO name = text_format("systemctl %s", action_words[action]);
	STRING_AUTO hint =
		text_format("Read \"journalctl -xeu %s\" and the server's own log below its data directory.",
			    unit);
	const char *argv[] = { SYSTEMCTL, action_words[action], "--quiet", unit, NULL };
	const struct spawn spawn = { .argv = argv, .timeout_ms = timeout_ms };
	int r = spawn_succeed(&spawn, name, hint, fault);

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
