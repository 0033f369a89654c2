/*
 * steps.h - the steps that a primary and a standby share.
 *
 * Each is a pair of check and apply for step.h. Rows are those of the manual procedure.
 */
#ifndef PGREPL_STEPS_H
#define PGREPL_STEPS_H

#include "host.h"

/* PostgreSQL's programs are there, and of a major that we know (P3). */
enum step_state programs_check(struct host *host, struct text *detail,
			       struct fault *fault);

/*
 * SELinux's policy knows the directories, where it is enabled and we have root: before
 * anything is copied. Then, once they are in place, they are labelled.
 */
enum step_state label_rules_check(struct host *host, struct text *detail,
				  struct fault *fault);
int label_rules_apply(struct host *host, struct fault *fault);
enum step_state labels_check(struct host *host, struct text *detail, struct fault *fault);
int labels_apply(struct host *host, struct fault *fault);

/* firewalld lets the networks of the ini in, where it runs and the ini says so. */
enum step_state firewall_check(struct host *host, struct text *detail,
			       struct fault *fault);
int firewall_apply(struct host *host, struct fault *fault);

/* The server runs, under its service where there is one (P5, S6). */
enum step_state server_check(struct host *host, struct text *detail, struct fault *fault);
int server_apply(struct host *host, struct fault *fault);

/* The service starts at boot: last of all (P5, S6). */
enum step_state enabled_check(struct host *host, struct text *detail,
			      struct fault *fault);
int enabled_apply(struct host *host, struct fault *fault);

/* STEP_REFUSED, with "could not WHAT "PATH": reason" as the fault. */
enum step_state step_refused(struct fault *fault, int r, const char *what,
			     const char *path);

#endif
