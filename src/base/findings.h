/*
 * findings.h - all the errors in one file, ordered by line.
 *
 * The operator sees every error at once, not one per run.
 */
#pragma once

#include "base/fault.h"

/* The rest is only counted: a binary file has an error on every line. */
enum { FINDINGS_SHOWN = 20 };

struct finding {
	int line; /* 0: the file as a whole */
	struct fault fault;
};

struct findings {
	const char *path; /* the caller's */
	struct finding *items;
	size_t count;
};

#define FINDINGS_AUTO CLEANUP(findings_clear) struct findings

void findings_clear(struct findings *findings);

/*
 * Adds an error on a line, or about the file as a whole (line 0). Returns its fault, for the
 * caller to fill in; valid until the next one is added. findings_log() puts path and line
 * in front of a message that has a line; a message without one has to name the file.
 */
struct fault *findings_add(struct findings *findings, int line);

/* Logs them with detail and hint, those without a line last. */
void findings_log(const struct findings *findings);

/* The exit code of the worst of them; 0 if there are none. */
int findings_exit_code(const struct findings *findings);
