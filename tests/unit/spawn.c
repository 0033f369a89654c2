/*
 * spawn.c - other programs: their output, when they are ended, and what they leave behind.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/spawn.h"
#include "base/stop.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"

/* A program that must not be waited for sleeps twice as long, so that a slow machine does not look
 * like a wait. */
#define HANG_MS 500000

static int run_shell(const char *script, struct spawn spawn)
{
	const char *const argv[] = { SHELL, "-c", script, NULL };

	spawn.argv = argv;
	return spawn_run(&spawn);
}

/* A process that is gone, or only a zombie that its new parent has not reaped yet. */
static bool is_gone(pid_t pid)
{
	STRING_AUTO path = text_format("/proc/%d/stat", (int)pid);
	char state = 'Z';
	FILE *stat = fopen(path, "r");

	if (!stat)
		return true;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(stat);
	return state == 'Z';
}

static bool is_gone_soon(const char *pid_text)
{
	long long deadline = clock_ms() + HANG_MS;
	long pid;

	if (text_to_long(pid_text, 2, 1 << 30, &pid) < 0)
		return false;
	while (!is_gone((pid_t)pid)) {
		if (clock_ms() > deadline)
			return false;
		clock_pause_ms(5);
	}
	return true;
}

static void exit_codes_are_told(void)
{
	static const char *const missing[] = { "/nonexistent/program", NULL };
	static const char *const directory[] = { "/", NULL };
	struct spawn spawn = { .argv = missing };

	NUMBER(run_shell("exit 0", (struct spawn){ 0 }), 0);
	NUMBER(run_shell("exit 7", (struct spawn){ 0 }), 7);
	NUMBER(run_shell("kill -9 $$", (struct spawn){ 0 }), 128 + 9);
	NUMBER(spawn_run(&spawn), -ENOENT);
	spawn.argv = directory;
	NUMBER(spawn_run(&spawn), -EACCES);
}

static void a_program_gets_a_clean_environment_and_no_descriptor(void)
{
	TEXT_AUTO out = { 0 };
	static const char *const env[] = { "/usr/bin/env", NULL };
	struct spawn spawn = { .argv = env, .out = &out };

	setenv("PGPASSWORD", "secret", 1);
	NUMBER(spawn_run(&spawn), 0);
	EQUAL(text_str(&out), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
	text_reset(&out);
	NUMBER(run_shell("pwd; ulimit -c >/dev/null; echo $$; ps -o pgid= -p $$ 2>/dev/null || echo $$",
			 (struct spawn){ .out = &out }),
	       0);
	CHECK(text_starts_with(text_str(&out), "/\n"));
}

static void what_it_says_is_kept_within_bounds(void)
{
	TEXT_AUTO out = { 0 };
	TEXT_AUTO err = { 0 };
	struct spawn both = { .out = &out, .err = &err };

	NUMBER(run_shell("echo out; echo err >&2", both), 0);
	EQUAL(text_str(&out), "out\n");
	EQUAL(text_str(&err), "err\n");
	text_reset(&out);
	text_reset(&err);
	/* two megabytes on each: neither pipe blocks the program */
	NUMBER(run_shell("i=0; while [ $i -lt 2000 ]; do printf '%01000d' $i; printf '%01000d' $i >&2; i=$((i+1)); done;"
			 "printf 'the end' >&2",
			 both),
	       0);
	CHECK(out.len > 0 && out.len <= 64 * 1024);
	NUMBER(err.len, 4 * 1024);
	CHECK(strlen(text_str(&err)) == err.len);
	EQUAL(text_str(&err) + err.len - 7, "the end");
	/* nobody reads it */
	NUMBER(run_shell("yes | head -c 1000000; yes | head -c 1000000 >&2",
			 (struct spawn){ 0 }),
	       0);
}

static void what_it_is_given_arrives(void)
{
	TEXT_AUTO out = { 0 };
	SECRET_AUTO input = { { 0 } };

	NUMBER(run_shell("cat", (struct spawn){ .out = &out }), 0);
	EQUAL(text_str(&out), "");
	for (int i = 0; i < 100000; i++)
		text_add(secret_text(&input), "0123456789");
	NUMBER(run_shell("wc -c", (struct spawn){ .out = &out, .input = &input }), 0);
	NUMBER(strtol(text_str(&out), NULL, 10), 1000000);
	/* if the program does not read it, we neither wait nor die of SIGPIPE */
	NUMBER(run_shell("exit 3", (struct spawn){ .input = &input }), 3);
	NUMBER(run_shell("exec 0<&-; exit 4", (struct spawn){ .input = &input }), 4);
}

static void add_line(void *arg, const char *line)
{
	text_addf(arg, "[%s]", line);
}

static void lines_of_progress_are_handed_on(void)
{
	TEXT_AUTO lines = { 0 };
	struct spawn spawn = { .on_err_line = add_line, .arg = &lines };

	NUMBER(run_shell("printf 'one\\rtwo\\r\\nthree\\n\\nlast' >&2", spawn), 0);
	EQUAL(text_str(&lines), "[one][two][three][last]");
}

/* Ended when its time is up, which is long enough to print its process id, however slow the machine. */
static int run_out_of_time(const char *script, long timeout_ms, struct text *out)
{
	int status = 0;

	for (; !out->len && timeout_ms < HANG_MS; timeout_ms *= 4)
		status = run_shell(script,
				   (struct spawn){ .out = out, .timeout_ms = timeout_ms });
	return status;
}

static void one_whose_time_is_up_is_ended_with_all_it_started(void)
{
	TEXT_AUTO out = { 0 };
	long long before = clock_ms();

	NUMBER(run_out_of_time("sleep 1000 & echo $!; wait", 200, &out), -ETIMEDOUT);
	CHECK(clock_ms() - before >= 200);
	CHECK(is_gone_soon(text_trim(out.s)));
}

static void one_that_ignores_being_asked_is_killed(void)
{
	TEXT_AUTO out = { 0 };
	long long before = clock_ms();

	NUMBER(run_out_of_time("trap '' TERM; echo $$; while :; do sleep 1; done", 100, &out),
	       -ETIMEDOUT);
	CHECK(clock_ms() - before >= 5000);
	CHECK(is_gone_soon(text_trim(out.s)));
}

/* Runs stop_end() in a process that was sent sig, unless that is 0; returns its wait status. */
static int end_after(int sig)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (stop_open() == 0 && (!sig || raise(sig) == 0))
			stop_end();
		_exit(75);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

static void a_process_that_was_told_to_stop_ends_by_that_signal(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int status = end_after(signals[i]);

		CHECK(WIFSIGNALED(status));
		NUMBER(WTERMSIG(status), signals[i]);
	}
	NUMBER(WEXITSTATUS(end_after(0)), 75);
}

/* Comes last: after this nothing waits any more. */
static void being_told_to_stop_ends_it_at_once(void)
{
	TEXT_AUTO out = { 0 };
	long long before = clock_ms();

	CHECK(stop_open() == 0);
	CHECK(raise(SIGTERM) == 0);
	NUMBER(run_shell("sleep 1000 & echo $!; wait", (struct spawn){ .out = &out }),
	       -ECANCELED);
	CHECK(clock_ms() - before < HANG_MS);
	CHECK(!out.s || !isdigit((unsigned char)*out.s) || is_gone_soon(text_trim(out.s)));
}

/* Otherwise pg_basebackup's child outlives it. */
static void what_it_leaves_behind_is_killed(void)
{
	TEXT_AUTO out = { 0 };
	long long before = clock_ms();

	NUMBER(run_shell("sleep 1000 & echo $!", (struct spawn){ .out = &out }), 0);
	CHECK(clock_ms() - before < HANG_MS);
	CHECK(is_gone_soon(text_trim(out.s)));
}

static void a_server_may_stay_when_the_program_succeeded(void)
{
	TEXT_AUTO out = { 0 };
	TEXT_AUTO failed = { 0 };
	long pid = 0;

	NUMBER(run_shell("sleep 1000 >/dev/null 2>&1 & echo $!",
			 (struct spawn){ .out = &out, .leaves_server = true }),
	       0);
	CHECK(text_to_long(text_trim(out.s), 2, 1 << 30, &pid) == 0);
	CHECK(pid && !is_gone((pid_t)pid));
	if (pid)
		kill((pid_t)pid, SIGKILL);
	NUMBER(run_shell("sleep 1000 >/dev/null 2>&1 & echo $!; exit 1",
			 (struct spawn){ .out = &failed, .leaves_server = true }),
	       1);
	CHECK(is_gone_soon(text_trim(failed.s)));
}

/* The caller is killed by a signal that it cannot catch. */
static void it_dies_with_its_caller(void)
{
	int ends[2];
	char pid_text[32] = "";
	pid_t caller;

	CHECK(pipe(ends) == 0);
	caller = fork();
	if (caller == 0) {
		STRING_AUTO script = text_format("echo $$ >&%d; exec sleep 1000", ends[1]);

		_exit(run_shell(script, (struct spawn){ 0 }) & 0x7f);
	}
	CHECK(read(ends[0], pid_text, sizeof(pid_text) - 1) > 1);
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
	CHECK(is_gone_soon(text_trim(pid_text)));
	close(ends[0]);
	close(ends[1]);
}

static void nothing_is_left_open_or_unread(void)
{
	int first = dup(0), second;

	close(first);
	for (int i = 0; i < 20; i++)
		NUMBER(run_shell("exit 0", (struct spawn){ 0 }), 0);
	second = dup(0);
	close(second);
	NUMBER(second, first);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	exit_codes_are_told();
	a_program_gets_a_clean_environment_and_no_descriptor();
	what_it_says_is_kept_within_bounds();
	what_it_is_given_arrives();
	lines_of_progress_are_handed_on();
	one_whose_time_is_up_is_ended_with_all_it_started();
	one_that_ignores_being_asked_is_killed();
	what_it_leaves_behind_is_killed();
	a_server_may_stay_when_the_program_succeeded();
	it_dies_with_its_caller();
	nothing_is_left_open_or_unread();
	a_process_that_was_told_to_stop_ends_by_that_signal();
	being_told_to_stop_ends_it_at_once();
	return unit_end();
}
