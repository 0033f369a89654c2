/*
 * data.h - the steps about PGDATA: whose it is, what is in it, and what comes there.
 */
#ifndef PGREPL_DATA_H
#define PGREPL_DATA_H

#include "host.h"
#include "step.h"

/* Everything in PGDATA belongs to the server's user (S5). */
enum step_state ownership_check(struct host *host, struct text *detail,
				struct fault *fault);
int ownership_apply(struct host *host, struct fault *fault);

/* PGDATA is free for a new cluster, or holds one that this role can adopt. */
enum step_state data_check(struct host *host, struct text *detail, struct fault *fault);
int data_apply(struct host *host, struct fault *fault);
/*
 * The same look where a later step does what is needed: says no only to what nobody can
 * mend.
 */
enum step_state data_look(struct host *host, struct text *detail, struct fault *fault);

/* The cluster in staging is PGDATA. */
enum step_state place_check(struct host *host, struct text *detail, struct fault *fault);
int place_apply(struct host *host, struct fault *fault);

#endif
