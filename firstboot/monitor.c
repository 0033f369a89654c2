#include "monitor.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/stop.h"
#include "host/firewall.h"
#include "host/ownership.h"
#include "host/selinux.h"
#include "host/service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { STOP_GRACE_MS = 15 * 1000 };

/* One packet, root to worker. Text goes in this direction only. */
struct answer {
	int32_t result;
	int32_t class;
	struct verb_look look;
	char message[1024], detail[2048], hint[1024];
};

static void become_user(const struct monitor *monitor)
{
	if (!monitor->user)
		return;
	if (initgroups(monitor->user, monitor->gid) < 0 || setgid(monitor->gid) < 0 ||
	    setuid(monitor->uid) < 0 || setuid(0) == 0) {
		log_error("could not become user \"%s\": %s", monitor->user, strerror(errno));
		_exit(EX_SOFTWARE);
	}
	process_hide_memory();
}

static void __attribute__((noreturn))
worker_main(const struct monitor *monitor, int verbs, pid_t parent)
{
	if (setsid() < 0)
		_exit(EX_SOFTWARE);
	become_user(monitor);
	/* after the change of user, which clears it; SIGTERM, to end our children */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EX_SOFTWARE);
	umask(077);
	if (stop_open() < 0)
		_exit(EX_OSERR);
	_exit(monitor->work(monitor->arg, verbs));
}

static int do_verb(const struct monitor *monitor, uint8_t verb, struct answer *answer,
		   struct fault *fault)
{
	const struct firewall firewall = {
		.networks = monitor->networks,
		.port = monitor->port,
	};
	const struct selinux_place place = {
		.directories = monitor->label_directories,
	};
	struct service_state state;
	int r;

	if (!monitor->user) {
		fault_set(fault, FAULT_OPERATOR, "this requires root");
		fault_hint(fault, "Run setup as root.");
		return -EPERM;
	}
	switch ((enum verb)verb) {
	case VERB_LOOK:
		r = service_look(monitor->unit, &state, fault);
		if (r == 0)
			answer->look = (struct verb_look){ .active = state.active,
							   .running = state.running,
							   .enabled = state.enabled };
		return r;
	case VERB_START:
		return service_act(monitor->unit, SERVICE_START, monitor->server_waits,
				   monitor->start_timeout_ms, fault);
	case VERB_RESTART:
		return service_act(monitor->unit, SERVICE_RESTART, monitor->server_waits,
				   monitor->start_timeout_ms, fault);
	case VERB_ENABLE:
		return service_act(monitor->unit, SERVICE_ENABLE, false,
				   monitor->start_timeout_ms, fault);
	case VERB_LABEL_RULE:
		return selinux_add_rules(&place, fault);
	case VERB_FIREWALL_LOOK:
		r = firewall_runs(fault);
		answer->look.firewall_runs = r > 0;
		if (r > 0)
			r = firewall_missing(&firewall, fault);
		answer->look.firewall_missing = r > 0 ? r : 0;
		return r < 0 ? r : 0;
	case VERB_FIREWALL:
		return firewall_open(&firewall, fault);
	case VERB_OWN:
		return ownership_repair(monitor->data_directory, monitor->uid,
					monitor->gid, fault);
	}
	return fault_set(fault, FAULT_BUG, "unknown verb %d", verb);
}

static void serve(const struct monitor *monitor, int verbs, uint8_t verb)
{
	FAULT_AUTO fault = { 0 };
	struct answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.result = do_verb(monitor, verb, &answer, &fault);
	answer.class = (int32_t)fault.class;
	snprintf(answer.message, sizeof(answer.message), "%s", text_str(&fault.message));
	snprintf(answer.detail, sizeof(answer.detail), "%s", text_str(&fault.detail));
	snprintf(answer.hint, sizeof(answer.hint), "%s", text_str(&fault.hint));
	(void)send(verbs, &answer, sizeof(answer), MSG_NOSIGNAL);
}

/* Serves verbs until the worker closes its end. Returns whether we were told to stop. */
static bool serve_all(const struct monitor *monitor, int verbs, pid_t worker)
{
	long long deadline = -1;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = verbs, .events = POLLIN },
			{ .fd = deadline < 0 ? stop_fd() : -1, .events = POLLIN },
		};
		uint8_t verb;

		if (poll(fds, 2, clock_left_ms(deadline)) < 0 && errno != EINTR)
			return deadline >= 0;
		if (fds[0].revents) {
			if (recv(verbs, &verb, sizeof(verb), 0) != (ssize_t)sizeof(verb))
				return deadline >= 0;
			serve(monitor, verbs, verb);
		}
		/* not read: staying readable, it also stops the program of a verb */
		if (fds[1].revents) {
			kill(worker, SIGTERM);
			deadline = clock_ms() + STOP_GRACE_MS;
		} else if (deadline >= 0 && clock_ms() >= deadline) {
			kill(worker, SIGKILL);
			return true;
		}
	}
}

int monitor_run(const struct monitor *monitor)
{
	FD_AUTO ours = -1;
	pid_t parent = getpid(), worker;
	siginfo_t ended;
	int ends[2], status;
	bool stopped;

	if (stop_open() < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		log_error("could not prepare the worker: %s", strerror(errno));
		return EX_OSERR;
	}
	fflush(stdout);
	worker = fork();
	if (worker == 0) {
		close(ends[0]);
		worker_main(monitor, ends[1], parent);
	}
	close(ends[1]);
	ours = ends[0];
	if (worker < 0) {
		log_error("could not fork: %s", strerror(errno));
		return EX_OSERR;
	}
	stopped = serve_all(monitor, ours, worker);
	/* left as a zombie for now, so that its session id cannot be reused */
	while (waitid(P_PID, (id_t)worker, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	process_kill_session(worker);
	while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (stopped) {
		log_error("stopped");
		return EX_TEMPFAIL;
	}
	log_error("the worker was terminated by signal %d", WTERMSIG(status));
	return EX_SOFTWARE;
}

int monitor_ask(int verbs, enum verb verb, struct verb_look *look, struct fault *fault)
{
	uint8_t byte = (uint8_t)verb;
	struct answer answer;
	ssize_t n;

	if (send(verbs, &byte, sizeof(byte), MSG_NOSIGNAL) != (ssize_t)sizeof(byte))
		return fault_errno(fault, FAULT_BUG, -errno, "could not ask the root side");
	do
		n = recv(verbs, &answer, sizeof(answer), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(answer))
		return fault_set(fault, FAULT_BUG, "the root side did not answer");
	if (answer.result < 0) {
		fault_set(fault, (enum fault_class)answer.class, "%s", answer.message);
		fault_detail(fault, "%s", answer.detail);
		fault_hint(fault, "%s", answer.hint);
	} else if (look) {
		*look = answer.look;
	}
	return answer.result;
}
