#include "step.h"

#include "base/clock.h"
#include "base/log.h"
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

/* The first line of detail; and below it, indented, the other lines of changes. */
static void report(const char *word, const struct step *step, const char *detail,
		   const char *changes)
{
	printf("%-8s %-20s %.*s\n", word, step->name, first_line(detail), detail);
	for (changes += first_line(changes); *changes; changes += first_line(changes)) {
		changes++;
		printf("%-8s %.*s\n", "", first_line(changes), changes);
	}
	fflush(stdout);
}

static int give_up(const char *word, const struct step *step, struct fault *fault)
{
	if (fault->class == FAULT_NONE)
		fault_set(fault, FAULT_BUG, "step \"%s\" failed without saying why",
			  step->name);
	report(word, step, text_str(&fault->message), "");
	fault_log(fault);
	log_status("%s: %s", step->name, text_str(&fault->message));
	return fault_exit_code(fault);
}

static int run(struct host *host, const struct step *step, size_t *changed)
{
	FAULT_AUTO fault = { 0 };
	TEXT_AUTO detail = { 0 };
	TEXT_AUTO again = { 0 };
	enum step_state state = step->check(host, &detail, &fault);

	if (state == STEP_REFUSED)
		return give_up("refused", step, &fault);
	if (state == STEP_DONE) {
		report("ok", step, text_str(&detail), "");
		return EX_OK;
	}
	log_status("%s: %.*s", step->name, first_line(text_str(&detail)), text_str(&detail));
	if (step->apply(host, &fault) < 0 || host_look(host, &fault) < 0)
		return give_up("failed", step, &fault);
	state = step->check(host, &again, &fault);
	if (state == STEP_NEEDED)
		fault_set(&fault, FAULT_BUG, "step \"%s\" was applied but does not hold: %s",
			  step->name, text_str(&again));
	if (state != STEP_DONE)
		return give_up("failed", step, &fault);
	(*changed)++;
	report("changed", step, text_str(&again), text_str(&detail));
	return EX_OK;
}

/* The host may change while a step waits, so each step begins with a new look. */
static int look(struct host *host, const struct step *step)
{
	FAULT_AUTO fault = { 0 };

	return host_look(host, &fault) < 0 ? give_up("refused", step, &fault) : EX_OK;
}

int step_run_all(struct host *host)
{
	const struct role *role = host->role;
	long long started = clock_ms();
	size_t changed = 0, done = 0;
	double seconds;

	for (const struct step *step = role->steps;
	     step < role->steps + role->steps_count; step++) {
		int code = look(host, step);

		if (code == EX_OK && step->when == UNTIL_IN_PLACE && host_in_place(host))
			continue;
		if (code == EX_OK)
			code = run(host, step, &changed);
		if (code != EX_OK)
			return code;
		done++;
	}
	seconds = (double)(clock_ms() - started) / 1000;
	if (changed)
		printf("%s: %zu step%s changed, %zu already right (%.2f s)\n", role->program,
		       changed, text_s((long)changed), done - changed, seconds);
	else
		printf("%s: nothing to do\n", role->program);
	fflush(stdout);
	log_status("set up");
	return EX_OK;
}

int step_dry_run_all(struct host *host)
{
	const struct role *role = host->role;
	size_t needed = 0;
	int code = look(host, role->steps);

	if (code != EX_OK)
		return code;
	for (const struct step *step = role->steps;
	     step < role->steps + role->steps_count; step++) {
		FAULT_AUTO fault = { 0 };
		TEXT_AUTO detail = { 0 };

		if (step->when == UNTIL_IN_PLACE &&
		    (host_in_place(host) || host_half_in_place(host)))
			continue;
		switch (step->check(host, &detail, &fault)) {
		case STEP_DONE:
			report("ok", step, text_str(&detail), "");
			break;
		case STEP_NEEDED:
			report("would", step, text_str(&detail), text_str(&detail));
			needed++;
			break;
		case STEP_REFUSED:
			return give_up("refused", step, &fault);
		}
	}
	if (needed)
		printf("%s: setup would change %zu step%s; nothing was changed\n",
		       role->program, needed, text_s((long)needed));
	else
		printf("%s: nothing to do\n", role->program);
	fflush(stdout);
	return EX_OK;
}

enum step_state step_done(struct text *detail, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_addv(detail, fmt, args);
	va_end(args);
	return STEP_DONE;
}

enum step_state step_needed(struct text *detail, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_addv(detail, fmt, args);
	va_end(args);
	return STEP_NEEDED;
}

enum step_state step_refused(struct fault *fault, const char *fmt, ...)
{
	TEXT_AUTO hint = { 0 };
	va_list args;

	va_start(args, fmt);
	text_addv(&hint, fmt, args);
	va_end(args);
	fault_hint(fault, "%s", text_str(&hint));
	return STEP_REFUSED;
}
