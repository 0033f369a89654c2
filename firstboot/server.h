/* server.h - the server that runs on PGDATA: programs, starting it, its service. */
#pragma once

#include "host.h"
#include "step.h"

/* PostgreSQL's programs are there, and of a known major (P3). Fills host->programs. */
step_check programs_check;

/* The server is running, under its service if there is one (P5, S6). */
step_check server_check;
step_apply server_apply;

/* The service starts at boot (P5, S6). */
step_check enabled_check;
step_apply enabled_apply;

/* Starts or restarts it and waits until it is ready. Closes host->db. */
int server_start(struct host *host, bool restart, struct fault *fault);

/*
 * The path of the log of a server that was started with pg_ctl, unless its logging
 * collector is on. The caller frees it.
 */
char *server_log(const struct host *host);
