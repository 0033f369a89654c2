/*
 * logins.h - the steps about who can log in to a primary: the replication role, the
 * superuser by its password, and a standby over the network (P6, P7, V1).
 */
#ifndef PGREPL_LOGINS_H
#define PGREPL_LOGINS_H

#include "host.h"
#include "step.h"

/*
 * The replication role, and the superuser's password where the ini has one, in the
 * cluster that is in staging, by a server of one user that nobody can connect to. apply reads
 * the role back in the same session, and check reports what that has shown: a look of its own
 * would have to start that server a second time.
 */
step_check staged_role_check;
step_apply staged_role_apply;

/* The same in the server that runs: its role can log in and replicate. */
step_check role_check;
step_apply role_apply;

/* The superuser logs in by the password of the ini, where there is one. */
step_check superuser_check;
step_apply superuser_apply;

/* A standby's login works, by password and over the network; role_apply() mends it. */
step_check login_check;

/*
 * Sets host->listen_host to where a login of this host to itself goes: the loopback, or
 * the first address that the server listens on. 0, or a negative errno and the fault.
 */
int login_find_host(struct host *host, struct fault *fault);

#endif
