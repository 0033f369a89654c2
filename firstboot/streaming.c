#include "streaming.h"

#include "base/clock.h"
#include "base/log.h"
#include "patience.h"
#include "upstream.h"

#include <errno.h>

enum {
	STREAM_POLL_MS = 20,
	STREAM_COMPLAIN_MS = 30 * 1000,
	STREAM_COMPLAIN_AGAIN_MS = 10 * 60 * 1000,
	ASK_FIRST_MS = 2 * 1000,
	ASK_AGAIN_MS = 10 * 1000,
};

enum step_state streaming_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct db *db = host_db(host, fault);
	struct replication_state state;
	struct replication_login login;

	if (!db && host_excuses(host, fault))
		return step_needed(detail, "wait until it streams");
	if (!db || replication_look(db, &state, fault) < 0)
		return STEP_REFUSED;
	if (!state.in_recovery) {
		fault_set(fault, FAULT_OPERATOR,
			  "the server is not a standby: it was promoted");
		return step_refused(fault,
				    "Leave it alone, or move its data aside to have it cloned anew.");
	}
	host_login(host, &login);
	if (!state.streaming)
		return step_needed(detail, "the walreceiver is %s",
				   *state.status ? state.status : "not running");
	if (replication_sender_seen(&login, host->application_name) == 0)
		return step_needed(detail, "no walsender of %s serves \"%s\" yet",
				   host->primary, host->application_name);
	return step_done(detail, "from %s, walreceiver pid %ld", host->primary,
			 state.walreceiver_pid);
}

/* Warns now and then, for whoever reads the journal. */
static void complain(const char *detail, long long *complain_at)
{
	if (clock_ms() < *complain_at)
		return;
	log_warning("the standby does not stream yet: %s", detail);
	log_hint("Read the logs of both servers: the walreceiver reports the reason there.");
	*complain_at = clock_ms() + STREAM_COMPLAIN_AGAIN_MS;
}

/* A primary that is down is waited for; a wrong password ends the wait. */
static int ask_why(struct host *host, struct patience *patience, long long *ask_at,
		   struct fault *fault)
{
	int r;

	if (clock_ms() < *ask_at)
		return 0;
	r = upstream_reach(host, fault);
	if (r < 0)
		r = patience_wait(patience, fault);
	*ask_at = clock_ms() + ASK_AGAIN_MS;
	return r;
}

int streaming_apply(struct host *host, struct fault *fault)
{
	long long complain_at = clock_ms() + STREAM_COMPLAIN_MS;
	long long ask_at = clock_ms() + ASK_FIRST_MS;
	struct patience patience;
	int r;

	patience_start(&patience, host, "waiting to stream from", "could not stream from");
	for (;;) {
		TEXT_AUTO detail = { 0 };
		enum step_state state = streaming_check(host, &detail, fault);

		if (state != STEP_NEEDED)
			return state == STEP_DONE ? 0 : -EIO;
		log_status("waiting to stream: %s", text_str(&detail));
		if (patience_is_over(&patience)) {
			fault_set(fault, FAULT_RETRY, "the standby does not stream: %s",
				  text_str(&detail));
			return fault_hint(fault, "Read the logs of both servers.");
		}
		complain(text_str(&detail), &complain_at);
		r = ask_why(host, &patience, &ask_at, fault);
		if (r < 0)
			return r;
		if (clock_sleep_ms(STREAM_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
}
