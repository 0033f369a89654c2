/*
 * server.h - the server that runs on PGDATA: its programs, starting it, and its service.
 */
#ifndef PGREPL_SERVER_H
#define PGREPL_SERVER_H

#include "host.h"
#include "step.h"

/* PostgreSQL's programs are there, and of a major that we know (P3); fills host->programs. */
enum step_state programs_check(struct host *host, struct text *detail,
			       struct fault *fault);

/* The server runs, under its service where there is one (P5, S6). */
enum step_state server_check(struct host *host, struct text *detail, struct fault *fault);
int server_apply(struct host *host, struct fault *fault);

/* The service starts at boot (P5, S6). */
enum step_state enabled_check(struct host *host, struct text *detail,
			      struct fault *fault);
int enabled_apply(struct host *host, struct fault *fault);

/*
 * Starts or restarts it, by the root side or by pg_ctl, and waits until it is ready. Closes
 * host->db.
 */
int server_start(struct host *host, bool restart, struct fault *fault);

/* Waits until it accepts connections; start_timeout of the ini at most. */
int server_wait_ready(struct host *host, struct fault *fault);

#endif
