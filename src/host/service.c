#include "host/service.h"

#include "base/clock.h"
#include "base/complaint.h"
#include "base/file.h"
#include "base/spawn.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <time.h>
#include <unistd.h>

#define SYSTEMCTL  "/usr/bin/systemctl"
#define JOURNALCTL "/usr/bin/journalctl"

/* Such a job does not wait for others, and nothing that the unit requires is started for it. */
static const char ignore_order[] = "--job-mode=ignore-dependencies";

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
	bool restarting = has_one_of(output, "SubState", restart);

	*ret = (struct service_state){
		.loaded = has_word(output, "LoadState", "loaded"),
		.masked = has_word(output, "LoadState", "masked"),
		.active = has_one_of(output, "ActiveState", active) && !restarting,
		.running = has_word(output, "ActiveState", "active"),
		.restarting = restarting,
		.enabled = has_one_of(output, "UnitFileState", enabled),
		.without_pgdata = has_word(output, "UnsetEnvironment", "PGDATA"),
	};
}

/* systemctl show of these properties. */
static int show(const char *unit, const char *properties, struct text *ret, struct fault *fault)
{
	STRING_AUTO option = text_format("--property=%s", properties);
	const char *argv[] = { SYSTEMCTL, "show", "--no-pager", option, unit, NULL };
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = LOOK_TIMEOUT_MS,
		.out = ret,
	};

	return spawn_succeed(&spawn, "systemctl show",
			     "On a host without systemd set server_control = pg_ctl in section [common].",
			     fault);
}

int service_look(const char *unit, struct service_state *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	int r = show(unit, "LoadState,ActiveState,SubState,UnitFileState,UnsetEnvironment",
		     &out, fault);

	if (r == 0)
		service_parse(text_str(&out), ret);
	return r;
}

char *service_own(void)
{
	static const char suffix[] = ".service";
	STRING_AUTO unit = NULL;
	size_t len;

	if (sd_pid_get_unit(0, &unit) < 0)
		return NULL;
	len = strlen(unit);
	if (len < sizeof(suffix) || !text_equal(unit + len - sizeof(suffix) + 1, suffix))
		return NULL;
	return text_copy(unit);
}

bool service_ends_with(const char *output, pid_t pid)
{
	static const char *const kills[] = { "control-group", "mixed", NULL };
	STRING_AUTO number = text_format("%d", (int)pid);

	return has_one_of(output, "KillMode", kills) &&
	       has_word(output, "RemainAfterExit", "no") &&
	       (has_word(output, "Type", "oneshot") || has_word(output, "MainPID", number));
}

bool service_ends_with_us(const char *own)
{
	FAULT_AUTO none = { 0 };
	TEXT_AUTO out = { 0 };

	/* in a container there may be no systemd: then it kills nobody */
	return show(own, "Type,KillMode,RemainAfterExit,MainPID", &out, &none) == 0 &&
	       service_ends_with(text_str(&out), getpid());
}

bool service_is_listed(const char *output, const char *unit)
{
	TEXT_AUTO lines = { 0 };
	char *rest, *line;

	text_add(&lines, output);
	rest = lines.s;
	while ((line = strsep(&rest, "\n"))) {
		char *name = text_trim(line), *blank = strrchr(name, ' ');

		if (text_equal(blank ? blank + 1 : name, unit))
			return true;
	}
	return false;
}

/* The first of the units that has to be active for the service and is not; "": all are. */
static int find_lacking(const char *unit, struct text *ret, struct fault *fault)
{
	TEXT_AUTO out = { 0 };
	char *rest, *word;
	int r = show(unit, "Requires,Requisite,BindsTo", &out, fault);

	for (rest = out.s; r == 0 && (word = strsep(&rest, "= \n"));) {
		TEXT_AUTO state = { 0 };

		/* the names of the properties have no dot */
		if (!strchr(word, '.'))
			continue;
		r = show(word, "ActiveState", &state, fault);
		if (r == 0 && !has_word(text_str(&state), "ActiveState", "active")) {
			text_add(ret, word);
			break;
		}
	}
	return r;
}

int service_waits_for(const char *unit, const char *own, struct fault *fault)
{
	const char *argv[] = {
		SYSTEMCTL, "list-dependencies", "--after", "--plain",
		"--full",  "--no-pager",        unit,      NULL,
	};
	TEXT_AUTO job = { 0 };
	TEXT_AUTO out = { 0 };
	TEXT_AUTO lacking = { 0 };
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = LOOK_TIMEOUT_MS,
		.out = &out,
	};
	int r = show(own, "Job", &job, fault);

	/* a service that is up already holds up nobody */
	if (r < 0 || !text_starts_with(text_str(&job), "Job="))
		return r;
	r = spawn_succeed(&spawn, "systemctl list-dependencies", NULL, fault);
	if (r < 0 || !service_is_listed(text_str(&out), own))
		return r;
	r = find_lacking(unit, &lacking, fault);
	if (r < 0 || !lacking.len)
		return r < 0 ? r : 1;
	fault_set(fault, FAULT_OPERATOR,
		  "%s is ordered after %s, which cannot start it: it requires %s, which is not active",
		  unit, own, lacking.s);
	return fault_hint(fault,
			  "Run \"systemctl start %s\", or remove %s from After= of %s.",
			  lacking.s, own, unit);
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
		if (complaint_find(text_str(&log), complaint_fatal, &line)) {
			fault_detail(fault, "%s", text_str(&line));
			return;
		}
	} while (clock_ms() < deadline && clock_sleep_ms(100) == 0);
}

/*
 * A unit that has tried to start without its cluster, at boot say, may have used up its
 * StartLimitBurst=: systemd would refuse even our start. If this fails, that will say why.
 */
static void forget_failures(const char *unit)
{
	const char *argv[] = { SYSTEMCTL, "reset-failed", unit, NULL };
	const struct spawn spawn = { .argv = argv, .timeout_ms = LOOK_TIMEOUT_MS };

	(void)spawn_run(&spawn);
}

int service_act(const char *unit, enum service_action action, bool now, long timeout_ms,
		struct fault *fault)
{
	time_t started = time(NULL);
	STRING_AUTO name = text_format("systemctl %s", action_words[action]);
	STRING_AUTO hint =
		text_format("Read \"journalctl -xeu %s\" and the server's own log below its data directory.",
			    unit);
	const char *argv[] = {
		SYSTEMCTL, action_words[action],      "--quiet",
		unit,      now ? ignore_order : NULL, NULL,
	};
	const struct spawn spawn = { .argv = argv, .timeout_ms = timeout_ms };
	struct service_state state = { .loaded = false };
	int r = service_look(unit, &state, fault);

	if (r < 0)
		return r;
	if (action == SERVICE_START && !state.active)
		forget_failures(unit);
	/* a start would wait until RestartSec= is over */
	if (action == SERVICE_START && state.restarting)
		argv[1] = action_words[SERVICE_RESTART];
	r = spawn_succeed(&spawn, name, hint, fault);
	if (r == -EIO && action != SERVICE_ENABLE)
		quote_journal(unit, started, fault);
	if (r == -ETIMEDOUT) {
		fault_clear(fault);
		fault_set(fault, FAULT_RETRY, "%s has not become ready within %ld s",
			  unit, timeout_ms / 1000);
		fault_hint(fault,
			   "It is still starting: watch \"journalctl -fu %s\" and \"systemctl list-jobs\", then run setup again, or allow more time with start_timeout.",
			   unit);
	}
	return r;
}
