/*
 * monitor.h - the process that stays root, and the worker that does not.
 *
 * The monitor forks a worker, which becomes the server's user for good and does
 * everything. What needs root the worker asks for by a verb of one byte, and that is all
 * it can say: paths, names of units and users are the monitor's own, from the ini and
 * from systemd. Run without root there are the same two processes and no verb works.
 *
 * The worker is the leader of a session. When it ends, however it ends, every process of
 * that session is killed: pg_basebackup's child, which outlives it otherwise, included. A
 * server that pg_ctl started has a session of its own.
 */
#pragma once

#include "base/fault.h"
#include "base/network.h"

#include <sys/types.h>

enum verb {
	VERB_LOOK,          /* is the server's unit active, running, enabled */
	VERB_START,         /* start it */
	VERB_RESTART,       /* restart it */
	VERB_ENABLE,        /* start it at boot */
	VERB_OWN,           /* give PGDATA to the server's user */
	VERB_LABEL_RULE,    /* add SELinux rules for PGDATA and the tablespaces */
	VERB_FIREWALL_LOOK, /* does firewalld run, and does it let the standbys in */
	VERB_FIREWALL,      /* let them in */
};

struct monitor {
	const char *unit;
	bool server_waits; /* its unit is ordered after the one that we are in */
	const char *data_directory;
	const char *user; /* NULL: stay who we are, and refuse every verb */
	uid_t uid;
	gid_t gid;
	long start_timeout_ms;
	const char *const *label_directories; /* for SELinux; ends in NULL */
	const struct networks *networks;      /* for the firewall */
	long port;
	/* The worker's main; its return value is the exit code. */
	int (*work)(void *arg, int verbs);
	void *arg;
};

/*
 * Runs a worker to its end; returns its exit code. Being told to stop is passed on as SIGTERM;
 * the caller then ends by stop_end().
 */
int monitor_run(const struct monitor *monitor);

/* The answers of the verbs that look; each fills its part. */
struct verb_look {
	bool active, running, enabled; /* the unit, as in struct service_state */
	bool firewall_runs;
	int firewall_missing; /* rules */
};

/* The worker's side: asks, and waits for the answer. look may be NULL. */
int monitor_ask(int verbs, enum verb verb, struct verb_look *look, struct fault *fault);
