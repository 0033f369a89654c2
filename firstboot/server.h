/* server.h - the server that runs on PGDATA: programs, starting it, its service. */
#pragma once

#include "host.h"
#include "step.h"

/* PostgreSQL's programs are there, and of a known major (P3). Fills host->programs. */
step_check programs_check;

/* The service does not run another server than that of PGDATA. */
step_check service_check;

/*
 * For a new cluster: no program listens on its port, another server say, which would keep
 * this one from starting and take its clients.
 */
step_check port_check;

/* The server is running, under its service if there is one (P5, S6). */
step_check server_check;
step_apply server_apply;

/* The service starts at boot (P5, S6). */
step_check enabled_check;
step_apply enabled_apply;

/*
 * Starts or restarts it and waits until it is ready. Closes host->db. The fault of a server that
 * ended says why, in the server's own words.
 */
int server_start(struct host *host, bool restart, struct fault *fault);

/*
 * After that has failed: if there are previous settings (previous.h) and no server runs, starts it
 * with those. Always returns -EIO, and adds to the fault what has become of it.
 */
int server_undo(struct host *host, struct fault *fault);
