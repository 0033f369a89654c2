/*
 * logins.h - the steps about who can log in: we to the local server, and to a primary the
 * replication role, the superuser by its password, and a standby over the network (P6,
 * P7, V1).
 */
#pragma once

#include "host.h"
#include "step.h"

/* If a server runs already, we can log in to it as its superuser. */
step_check local_login_check;

/*
 * The replication role, and the superuser's password if the ini has one, in the staged
 * cluster, by a single-user server that nobody can connect to. apply reads the role back
 * in the same session and check reports the result: to look for itself, it would have to
 * start that server again.
 */
step_check staged_role_check;
step_apply staged_role_apply;

/* The same in the running server: the role can log in and replicate. */
step_check role_check;
step_apply role_apply;

/* The superuser can log in with the password from the ini, if there is one. */
step_check superuser_check;
step_apply superuser_apply;

/* A standby's login works, by password and over the network; role_apply() fixes it. */
step_check login_check;

/*
 * Sets host->listen_host, where this host logs in to itself: the loopback address, or the
 * first address that the server listens on. 0, or a negative errno and the fault.
 */
int login_find_host(struct host *host, struct fault *fault);
