/*
 * steps.c - the runner of step tables, with tables made for this; and the table of the role that this
 * program is linked with.
 */
#include "unit.h"

#include "base/file.h"
#include "base/log.h"
#include "host.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/* --- the runner: what each course of events prints and does --- */

/* What the single step of these tables returns in turn, and how often it was called. */
static struct {
	enum step_state first, second;
	int applied;
	int checks, applies;
	const char *detail; /* of the first check; NULL: that of the others */
} script;

static enum step_state scripted_check(struct host *host, struct text *detail,
				      struct fault *fault)
{
	enum step_state state = script.checks++ ? script.second : script.first;

	(void)host;
	text_add(detail, script.detail && script.checks == 1 ? script.detail : "detail");
	if (state == STEP_REFUSED)
		fault_set(fault, FAULT_OPERATOR, "a reason");
	return state;
}

static int scripted_apply(struct host *host, struct fault *fault)
{
	(void)host;
	script.applies++;
	if (script.applied < 0)
		fault_set(fault, FAULT_RETRY, "an obstacle");
	return script.applied;
}

static const struct step one_step[] = {
	{ .name = "scripted", .check = scripted_check, .apply = scripted_apply },
};

static const struct step staged_step[] = {
	{ .name = "scripted",
	  .when = UNTIL_IN_PLACE,
	  .check = scripted_check,
	  .apply = scripted_apply },
};

/* Runs the table and returns its exit code; what it prints goes to ret. */
static int run(const struct step *steps, bool dry_run, const char *data, struct text *ret)
{
	const struct role role = {
		.name = "standby",
		.program = "program",
		.settings = SETTINGS_STANDBY,
		.steps = steps,
		.steps_count = 1,
	};
	struct host host = { .role = &role, .dry_run = dry_run };
	FAULT_AUTO fault = { 0 };
	char seen[4096] = "";
	int ends[2], before = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY), code;
	int before_err = dup(STDERR_FILENO);
	ssize_t n;

	host.data_directory = text_copy(data);
	script.checks = script.applies = 0;
	CHECK(host_open(&host, &fault) == 0);
	CHECK(pipe(ends) == 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	code = dry_run ? step_dry_run_all(&host) : step_run_all(&host);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	dup2(before_err, STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], seen, sizeof(seen) - 1);
	close(ends[0]);
	close(before);
	close(before_err);
	close(null);
	text_reset(ret);
	text_add_bytes(ret, seen, n > 0 ? (size_t)n : 0);
	host_close(&host);
	text_drop(&host.data_directory);
	return code;
}

/* Every possible course of events: first check, apply, second check. */
static void only_a_check_prints_refused_and_an_apply_that_fails_prints_failed(void)
{
	static const int results[] = { 0, -EIO };
	TEXT_AUTO printed = { 0 };

	for (int first = STEP_DONE; first <= STEP_REFUSED; first++) {
		for (int result = 0; result < 2; result++) {
			for (int second = STEP_DONE; second <= STEP_REFUSED; second++) {
				const char *word = "changed ";
				int code = EX_OK, ran;

				script.first = (enum step_state)first;
				script.applied = results[result];
				script.second = (enum step_state)second;
				if (first == STEP_DONE) {
					word = "ok ";
				} else if (first == STEP_REFUSED) {
					word = "refused ";
					code = EX_CONFIG;
				} else if (result) {
					word = "failed ";
					code = EX_TEMPFAIL;
				} else if (second != STEP_DONE) {
					word = "failed ";
					code = second == STEP_REFUSED ? EX_CONFIG
								      : EX_SOFTWARE;
				}
				ran = run(one_step, false, "/nonexistent", &printed);
				NUMBER(ran, code);
				CHECK(text_starts_with(text_str(&printed), word));
				NUMBER(script.applies, first == STEP_NEEDED);
			}
		}
	}
}

static void a_dry_run_applies_nothing(void)
{
	static const char *const words[] = { "ok ", "would ", "refused " };
	TEXT_AUTO printed = { 0 };

	for (int first = STEP_DONE; first <= STEP_REFUSED; first++) {
		script.first = (enum step_state)first;
		NUMBER(run(one_step, true, "/nonexistent", &printed),
		       first == STEP_REFUSED ? EX_CONFIG : EX_OK);
		CHECK(text_starts_with(text_str(&printed), words[first]));
		NUMBER(script.checks, 1);
		NUMBER(script.applies, 0);
	}
}

static void each_change_is_printed_below_the_step_that_makes_it(void)
{
	TEXT_AUTO printed = { 0 };

	script.detail = "write\na: 1 -> 2\nb: '' -> x";
	script.first = STEP_NEEDED;
	script.applied = 0;
	script.second = STEP_DONE;
	run(one_step, false, "/nonexistent", &printed);
	CHECK(text_starts_with(text_str(&printed),
			       "changed  scripted             detail\n"
			       "         a: 1 -> 2\n         b: '' -> x\nprogram: "));
	run(one_step, true, "/nonexistent", &printed);
	CHECK(text_starts_with(text_str(&printed),
			       "would    scripted             write\n"
			       "         a: 1 -> 2\n         b: '' -> x\nprogram: "));
	script.first = STEP_DONE;
	run(one_step, false, "/nonexistent", &printed);
	CHECK(!strstr(text_str(&printed), "->"));
	script.detail = NULL;
}

static void one_step_is_not_called_steps(void)
{
	TEXT_AUTO printed = { 0 };

	script.first = STEP_NEEDED;
	script.applied = 0;
	script.second = STEP_DONE;
	run(one_step, false, "/nonexistent", &printed);
	CHECK(strstr(text_str(&printed), "program: 1 step changed, 0 already right"));
	run(one_step, true, "/nonexistent", &printed);
	CHECK(strstr(text_str(&printed),
		     "program: setup would change 1 step; nothing was changed"));
}

static void a_step_of_staging_is_skipped_once_a_cluster_is_in_place(const char *folder)
{
	STRING_AUTO data = text_format("%s/data", folder);
	STRING_AUTO version = text_format("%s/PG_VERSION", data);
	STRING_AUTO signal = text_format("%s/standby.signal", data);
	STRING_AUTO global = text_format("%s/global", data);
	STRING_AUTO control = text_format("%s/pg_control", global);
	TEXT_AUTO printed = { 0 };

	script.first = STEP_DONE;
	NUMBER(run(staged_step, false, data, &printed), EX_OK);
	NUMBER(script.checks, 1);
	CHECK(mkdir(data, 0700) == 0);
	CHECK(file_replace(version, 0600, "12\n", 3) == 1);
	/* a primary does not count as a standby in place */
	NUMBER(run(staged_step, false, data, &printed), EX_OK);
	NUMBER(script.checks, 1);
	CHECK(file_replace(signal, 0600, "", 0) == 1);
	/* nor does an incomplete one */
	NUMBER(run(staged_step, false, data, &printed), EX_OK);
	NUMBER(script.checks, 1);
	CHECK(mkdir(global, 0700) == 0 && file_replace(control, 0600, "x", 1) == 1);
	NUMBER(run(staged_step, false, data, &printed), EX_OK);
	NUMBER(script.checks, 0);
	CHECK(unlink(version) == 0 && unlink(signal) == 0);
	CHECK(unlink(control) == 0 && rmdir(global) == 0);
	/* a path that cannot be examined does not count as empty */
	CHECK(rmdir(data) == 0 && file_replace(data, 0600, "", 0) == 1);
	{
		FAULT_AUTO fault = { 0 };
		struct host host = { .role = &program_role, .data_directory = data };

		CHECK(host_open(&host, &fault) == 0);
		CHECK(host_look(&host, &fault) < 0);
		NUMBER(fault.class, FAULT_OPERATOR);
		host_close(&host);
	}
	for (int dry_run = 0; dry_run < 2; dry_run++) {
		NUMBER(run(staged_step, dry_run, data, &printed), EX_CONFIG);
		CHECK(text_starts_with(text_str(&printed), "refused "));
		NUMBER(script.checks, 0);
	}
	CHECK(unlink(data) == 0);
}

/* --- the table of the role --- */

static void no_two_steps_print_the_same_name(void)
{
	for (size_t i = 0; i < program_role.steps_count; i++) {
		CHECK(strlen(program_role.steps[i].name) <= 20);
		for (size_t j = 0; j < i; j++)
			CHECK(!text_equal(program_role.steps[i].name,
					  program_role.steps[j].name));
	}
}

static bool stands_for(const char *row)
{
	for (size_t i = 0; i < program_role.steps_count; i++)
		if (program_role.steps[i].row && text_equal(program_role.steps[i].row, row))
			return true;
	printf("no step covers row %s\n", row);
	return false;
}

/* P1 and P2 are in the packaged user data; V1, V2 and V4 are verify's. */
static void every_row_of_the_procedure_has_a_step(void)
{
	static const char *const rows[][9] = {
		[SETTINGS_PRIMARY] = { "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11" },
		[SETTINGS_STANDBY] = { "S1", "S2", "S3", "S4", "S5", "S6", "V3" },
	};

	for (size_t i = 0; i < 9 && rows[program_role.settings][i]; i++)
		CHECK(stands_for(rows[program_role.settings][i]));
}

static size_t position(const char *name)
{
	for (size_t i = 0; i < program_role.steps_count; i++)
		if (text_equal(program_role.steps[i].name, name))
			return i;
	printf("no step \"%s\"\n", name);
	CHECK(false);
	return 0;
}

/* The order, for the reasons in the comments of the tables. */
static void steps_stand_in_the_order_that_is_safe(void)
{
	bool primary = program_role.settings == SETTINGS_PRIMARY;

	for (size_t i = 0; i < program_role.steps_count; i++)
		if (program_role.steps[i].when == UNTIL_IN_PLACE)
			CHECK(i <= position("in place"));
	CHECK(position("data directory") < position("ownership"));
	CHECK(position("settings allowed") < position("ownership"));
	CHECK(position("data directory") < position("local login"));
	CHECK(position("local login") < position("ownership"));
	CHECK(position("certificate") < position("settings"));
	CHECK(position("own directory") < position("settings"));
	CHECK(position("settings") < position("starts itself"));
	CHECK(position("starts itself") < position("server"));
	CHECK(position("in place") < position("labels"));
	CHECK(position("labels") < position("server"));
	CHECK(position("server") < position("settings in force"));
	CHECK(position("enabled") == program_role.steps_count - 1);
	if (primary) {
		CHECK(position("settings tried") < position("ownership"));
		CHECK(position("new role") < position("server"));
		CHECK(position("replication role") < position("access rules"));
	} else {
		CHECK(position("settings tried") < position("primary"));
		CHECK(position("primary") < position("ownership"));
		CHECK(position("primary") < position("kept clone"));
		CHECK(position("kept clone") < position("primary's settings"));
		CHECK(position("primary") < position("collations"));
		CHECK(position("collations") < position("base backup"));
		CHECK(position("primary's settings") < position("ownership"));
		CHECK(position("recovery") < position("inherited settings"));
		CHECK(position("inherited settings") < position("settings"));
		CHECK(position("kept clone") < position("room for a clone"));
		CHECK(position("tablespaces") < position("base backup"));
		CHECK(position("password file") < position("base backup"));
		CHECK(position("base backup") < position("recovery"));
		CHECK(position("recovery") < position("in place"));
		CHECK(position("settings") < position("staged directory"));
		CHECK(position("staged directory") < position("in place"));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EX_USAGE;
	log_open("program");
	only_a_check_prints_refused_and_an_apply_that_fails_prints_failed();
	a_dry_run_applies_nothing();
	each_change_is_printed_below_the_step_that_makes_it();
	one_step_is_not_called_steps();
	a_step_of_staging_is_skipped_once_a_cluster_is_in_place(argv[1]);
	no_two_steps_print_the_same_name();
	every_row_of_the_procedure_has_a_step();
	steps_stand_in_the_order_that_is_safe();
	return unit_end();
}
