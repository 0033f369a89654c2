/*
 * units.c - what systemctl and busctl print about a service. Both are the same in systemd 219 and 252
 * but where a test says so; what 219 prints was read from its sources.
 */
#include "unit.h"

#include "base/file.h"
#include "host/bus.h"
#include "host/command.h"
#include "host/environment.h"
#include "host/service.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- systemctl show --- */

static struct service_state shown(const char *output)
{
	struct service_state state;

	service_parse(output, &state);
	return state;
}

static void what_systemctl_shows_is_read(void)
{
	struct service_state state = shown(
		"LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n");

	CHECK(state.loaded && state.active && state.enabled && !state.masked);
	state = shown("LoadState=not-found\nActiveState=failed\nUnitFileState=\n");
	CHECK(!state.loaded && !state.active && !state.enabled && !state.masked);
	CHECK(shown("LoadState=masked\nActiveState=inactive\n").masked);
	CHECK(!shown("").loaded);
	CHECK(!shown("LoadState").loaded);
	CHECK(!shown("LoadState=").loaded);
	CHECK(!shown("XLoadState=loaded\nDescription=LoadState=loaded\n").loaded);
	CHECK(shown("UnsetEnvironment=A PGDATA B\n").without_pgdata);
	CHECK(!shown("UnsetEnvironment=A PGDATA2 XPGDATA\n").without_pgdata);
}

static void a_service_between_two_starts_is_not_active(void)
{
	static const struct {
		const char *active, *sub;
		bool is, running, restarting;
	} states[] = {
		{ "active", "running", true, true, false },
		{ "active", "exited", true, true, false },
		{ "reloading", "reload", true, false, false },
		{ "activating", "start-pre", true, false, false },
		{ "activating", "start", true, false, false },
		{ "activating", "start-post", true, false, false },
		{ "activating", "auto-restart", false, false, true },
		{ "activating", "auto-restart-queued", false, false, true },
		{ "deactivating", "stop-sigterm", false, false, false },
		{ "inactive", "dead", false, false, false },
		{ "failed", "failed", false, false, false },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		STRING_AUTO output = text_format("ActiveState=%s\nSubState=%s\n",
						 states[i].active, states[i].sub);
		STRING_AUTO reversed = text_format("SubState=%s\nActiveState=%s",
						   states[i].sub, states[i].active);

		NUMBER(shown(output).active, states[i].is);
		NUMBER(shown(reversed).active, states[i].is);
		NUMBER(shown(output).running, states[i].running);
		NUMBER(shown(output).restarting, states[i].restarting);
	}
}

static void a_service_that_ends_with_us_is_known(void)
{
	static const struct {
		const char *output;
		bool ends;
	} services[] = {
		/* ours, as packaged, and with a drop-in */
		{ "Type=oneshot\nKillMode=process\nRemainAfterExit=no\nMainPID=7\n", false },
		{ "Type=oneshot\nKillMode=control-group\nRemainAfterExit=no\nMainPID=7\n",
		  true },
		{ "Type=oneshot\nKillMode=mixed\nRemainAfterExit=no\nMainPID=7\n", true },
		/* a script of somebody's, which calls us */
		{ "Type=oneshot\nKillMode=control-group\nRemainAfterExit=no\nMainPID=5\n",
		  true },
		/* systemd-run */
		{ "Type=simple\nKillMode=control-group\nRemainAfterExit=no\nMainPID=7\n",
		  true },
		/* a daemon that calls us and goes on: an agent, sshd, cron */
		{ "Type=simple\nKillMode=control-group\nRemainAfterExit=no\nMainPID=77\n",
		  false },
		/* cloud-final.service */
		{ "Type=oneshot\nKillMode=process\nRemainAfterExit=yes\nMainPID=5\n", false },
		{ "Type=oneshot\nKillMode=control-group\nRemainAfterExit=yes\nMainPID=5\n",
		  false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		NUMBER(service_ends_with(services[i].output, 7), services[i].ends);
}

static void a_unit_is_found_among_the_dependencies_of_another(void)
{
	/* as 252 prints them with --plain, and as 219 does, with a mark */
	static const char output[] = "postgresql-12.service\n  basic.target\n"
				     "    pgrepl-primary.service\n";
	static const char marked[] = "postgresql-12.service\n\342\227\217 basic.target\n"
				     "\342\227\217   pgrepl-primary.service\n";

	CHECK(service_is_listed(output, "pgrepl-primary.service"));
	CHECK(service_is_listed(marked, "pgrepl-primary.service"));
	CHECK(!service_is_listed(output, "primary.service"));
	CHECK(!service_is_listed(output, "pgrepl-standby.service"));
	CHECK(!service_is_listed("", "pgrepl-primary.service"));
}

/* --- words of busctl --- */

static void words_of_busctl_lose_their_quotes_and_escapes(void)
{
	const char *at = "as 3 \"A=two words\" \"\" \"\\\"\\\\\\'\\t\\n\\303\\251\" true\nnext";
	static const char *const words[] = {
		"as", "3", "A=two words", "", "\"\\'\t\n\xc3\xa9", "true",
	};
	TEXT_AUTO word = { 0 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		NUMBER(bus_word(&at, &word), 1);
		EQUAL(text_str(&word), words[i]);
	}
	NUMBER(bus_word(&at, &word), 0);
	EQUAL(at, "\nnext");
}

static void what_busctl_does_not_print_is_rejected(void)
{
	static const char *const lines[] = {
		"\"open",    "\"open\n\"", "\"\\",      "\"\\q\"",    "\"\\00\"",
		"\"\\000\"", "\"\\777\"",  "\"\\x41\"", "\"\\12\n\"",
	};
	TEXT_AUTO word = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *at = lines[i];

		NUMBER(bus_word(&at, &word), -EINVAL);
	}
}

/* --- EnvironmentFile= --- */

static void a_file_of_variables_is_read_as_systemd_reads_it(void)
{
	static const struct {
		const char *content;
		const char *value; /* NULL: none; "?": it cannot be told */
	} files[] = {
		{ "PGDATA=/a", "/a" },
		{ "PGDATA=/a\nPGDATA=/b\n", "/b" },
		{ "  PGDATA  =  /a b \t\r\n", "/a b" },
		{ "PGDATA=\"/a b\"\n", "/a b" },
		{ "PGDATA='/a \"b'\n", "/a \"b" },
		{ "PGDATA=\"/a\" '/b'/c d \n", "/a/b/c d" },
		{ "PGDATA=/a\"b\" c\n", "/a\"b\" c" },
		{ "PGDATA=\n", "" },
		{ "PGDATA=/a # b\n", "/a # b" },
		{ "# PGDATA=/a\n;PGDATA=/b\n", NULL },
		{ "export PGDATA=/a\nXPGDATA=/b\nPGDATA2=/c\nPGDATA\n", NULL },
		{ "OTHER=\"\nPGDATA=/a\n\"\n", NULL },
		{ "OTHER='\nPGDATA=/a\n'\nPGDATA=/b", "/b" },
		{ "PGDATA=$HOME/a\n", "$HOME/a" },
		{ "OTHER=a\\\nB=c\n", NULL },
		{ "", NULL },
		/* where 219 and later ones differ */
		{ "PGDATA=/a\\ b\n", "?" },
		{ "# a comment \\\nPGDATA=/a\n", "?" },
		{ "PGDATA=/a\nOTHER=a\\\nB=c\n", "?" },
		{ "PGDATA=\"/a\n", "?" },
		{ "OTHER='\nPGDATA=/a\n", "?" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		TEXT_AUTO value = { 0 };
		int r = environment_read(files[i].content, "PGDATA", &value);
		const char *expected = files[i].value;

		NUMBER(r, !expected ? 0 : *expected == '?' ? -EINVAL : 1);
		if (r == 1)
			EQUAL(text_str(&value), expected);
	}
}

/* --- what a service runs --- */

#define PGDG                                                                             \
	"a(sasbttttuii) 1 \"/usr/pgsql-12/bin/postmaster\" 3 \"/usr/pgsql-12/bin/postmaster\" \"-D\" \"${PGDATA}\" false 0 0 0 0 0 0 0\n"

static int parse(const char *user, const char *environment, const char *files,
		 const char *exec, struct command *ret, struct fault *fault)
{
	STRING_AUTO output = text_format("s \"%s\"\nas %s\na(sb) %s\n%s", user,
					 environment, files, exec);

	return command_parse("p.service", output, ret, fault);
}

/* The data directory, or "?" where it is refused with a hint. */
static char *directory(const char *environment, const char *files, const char *exec)
{
	FAULT_AUTO fault = { 0 };
	struct command command = { .user = "" };

	if (parse("postgres", environment, files, exec, &command, &fault) < 0) {
		NUMBER(fault.class, FAULT_OPERATOR);
		CHECK(fault.message.len && fault.hint.len);
		return text_copy("?");
	}
	EQUAL(command.user, "postgres");
	return text_copy(command.data_directory);
}

#define DIRECTORY(environment, files, exec, expected)                                    \
	do {                                                                             \
		STRING_AUTO seen = directory(environment, files, exec);                  \
		EQUAL(seen, expected);                                                   \
	} while (0)

static void the_last_pgdata_of_the_environment_counts(void)
{
	DIRECTORY("1 \"PGDATA=/var/lib/pgsql/12/data/\"", "0", PGDG,
		  "/var/lib/pgsql/12/data");
	DIRECTORY("4 \"A=1\" \"PGDATA=/one\" \"B=PGDATA=/x y\" \"PGDATA=/data of mine\"",
		  "0", PGDG, "/data of mine");
	DIRECTORY("1 \"PGDATA=/sl\\303\\251 \\\"q\\\"\"", "0", PGDG, "/sl\xc3\xa9 \"q\"");
	/* systemd 219 prints this without quotes; busctl of 219 does not */
	DIRECTORY("2 \"PGDATA=/data of PGDATA=/else\" \"C=3\"", "0", PGDG,
		  "/data of PGDATA=/else");
}

static void files_of_variables_win(const char *folder)
{
	STRING_AUTO one = text_format("%s/one.env", folder);
	STRING_AUTO two = text_format("%s/two.env", folder);
	STRING_AUTO first = text_format("1 \"%s\" false", one);
	STRING_AUTO missing = text_format("2 \"%s\" false \"%s/none\" false", one, folder);
	STRING_AUTO optional = text_format("2 \"%s\" false \"%s/none\" true", one, folder);
	STRING_AUTO both = text_format("2 \"%s\" false \"%s\" true", two, one);
	STRING_AUTO pattern = text_format("1 \"%s/*.env\" false", folder);
	STRING_AUTO nothing = text_format("1 \"%s/*.none\" false", folder);
	static const char data[] = "1 \"PGDATA=/data\"";

	CHECK(file_replace(one, 0600, "PGDATA='/from one'\n", 19) == 1);
	CHECK(file_replace(two, 0600, "A=1\nPGDATA=/from-two\n", 21) == 1);
	DIRECTORY(data, first, PGDG, "/from one");
	DIRECTORY(data, both, PGDG, "/from one");
	DIRECTORY(data, pattern, PGDG, "/from-two");
	DIRECTORY(data, optional, PGDG, "/from one");
	DIRECTORY(data, missing, PGDG, "?");
	DIRECTORY(data, nothing, PGDG, "?");
	CHECK(file_replace(two, 0600, "PGDATA=/from\\ two\n", 18) == 1);
	DIRECTORY(data, pattern, PGDG, "?");
}

/* The words of a command line, as busctl prints them. */
#define RUNS(program, count, words)                                                      \
	"a(sasbttttuii) 1 \"" program "\" " count " \"" program "\" " words              \
	" false 0 0 0 0 0 0 0\n"

static void a_command_line_says_where_the_data_is_or_is_refused(void)
{
	static const char data[] = "2 \"PGDATA=/data\" \"DIR=/data\"", none[] = "0";

#define ON(program, count, words, expected)                                              \
	DIRECTORY(data, none, RUNS(program, count, words), expected)
	ON("/bin/postmaster", "3", "\"-D\" \"/data/\"", "/data");
	ON("/bin/postmaster", "2", "\"-D/data\"", "/data");
	ON("/bin/postmaster", "2", "\"-D${PGDATA}\"", "/data");
	ON("/bin/postmaster", "3", "\"-D\" \"$PGDATA\"", "/data");
	ON("/bin/postmaster", "3", "\"-D\" \"${DIR}\"", "/data");
	ON("/bin/pg_ctl", "4", "\"start\" \"--pgdata=/data\" \"-s\"", "/data");
	ON("/bin/pg_ctl", "4", "\"start\" \"--pgdata\" \"/data\"", "/data");
	ON("/bin/numactl", "4", "\"/bin/postmaster\" \"-D\" \"/data\"", "/data");
	ON("/bin/start-it", "1", "", "/data");
	/* another one than PGDATA */
	ON("/bin/postmaster", "3", "\"-D\" \"/other\"", "?");
	ON("/bin/postmaster", "2", "\"-D/other\"", "?");
	/* not to be told */
	ON("/bin/postmaster", "3", "\"-D\" \"${OTHER}\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"${PGDATA}/x\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"/x/${DIR}\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"${PGDATA\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"$\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"data\"", "?");
	ON("/bin/postmaster", "2", "\"-D\"", "?");
	ON("/bin/postmaster", "3", "\"-D\" \"/da\\nta\"", "?");
	ON("/bin/sh", "3", "\"-c\" \"exec postmaster -D /other\"", "?");
	ON("/bin/postmaster", "3", "\"-c\" \"data_directory=/other\"", "?");
	ON("/bin/postmaster", "2", "\"--data-directory=/other\"", "?");
#undef ON
	/* alone, it is the data directory */
	DIRECTORY(none, none, RUNS("/bin/postmaster", "3", "\"-D\" \"/other\""), "/other");
	DIRECTORY(none, none, RUNS("/bin/start-it", "1", ""), "");
	DIRECTORY(none, none, PGDG, "?");
	DIRECTORY("1 \"PGDATA=\"", none, PGDG, "?");
	/* systemd makes words of a variable without braces */
	DIRECTORY("1 \"PGDATA=/two words\"", none,
		  RUNS("/bin/postmaster", "3", "\"-D\" \"$PGDATA\""), "?");
	DIRECTORY(data, none, "a(sasbttttuii) 0\n", "?");
	DIRECTORY(data, none, "", "?");
	DIRECTORY("1 \"PGDATA=/data", none, PGDG, "?");
	DIRECTORY(data, "1 \"/etc/x", PGDG, "?");
}

/* Cut off anywhere, and with each byte replaced. What is accepted is a path. */
static void an_answer_that_is_damaged_is_refused_or_still_makes_sense(void)
{
	static const char whole[] =
		"s \"postgres\"\nas 2 \"A=\\\"1\" \"PGDATA=/data\"\na(sb) 1 \"/none\" true\n" PGDG;
	static const char bytes[] = " \"\\\n0$-/\x01\xff";

	for (size_t i = 0; i < sizeof(whole); i++) {
		for (size_t j = 0; j < sizeof(bytes); j++) {
			FAULT_AUTO fault = { 0 };
			STRING_AUTO output = text_copy(whole);
			struct command command = { .user = "" };
			int r;

			output[i] = bytes[j];
			r = command_parse("p.service", output, &command, &fault);
			CHECK(r < 0 ? fault.message.len && fault.hint.len
				    : !*command.data_directory ||
					      *command.data_directory == '/');
		}
	}
}

static void the_user_of_a_service_is_known(void)
{
	static const struct {
		const char *user, *exec, *seen;
	} users[] = {
		{ "postgres", PGDG, "postgres" },
		{ "26", PGDG, "26" },
		{ "", PGDG, "root" },
		/* it may change to another user by itself */
		{ "", RUNS("/bin/start-it", "1", ""), "" },
	};

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		FAULT_AUTO fault = { 0 };
		struct command command = { .user = "x" };

		NUMBER(parse(users[i].user, "1 \"PGDATA=/data\"", "0", users[i].exec,
			     &command, &fault),
		       0);
		EQUAL(command.user, users[i].seen);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 64;
	what_systemctl_shows_is_read();
	a_service_between_two_starts_is_not_active();
	a_service_that_ends_with_us_is_known();
	a_unit_is_found_among_the_dependencies_of_another();
	words_of_busctl_lose_their_quotes_and_escapes();
	what_busctl_does_not_print_is_rejected();
	a_file_of_variables_is_read_as_systemd_reads_it();
	the_last_pgdata_of_the_environment_counts();
	files_of_variables_win(argv[1]);
	a_command_line_says_where_the_data_is_or_is_refused();
	an_answer_that_is_damaged_is_refused_or_still_makes_sense();
	the_user_of_a_service_is_known();
	return unit_end();
}
