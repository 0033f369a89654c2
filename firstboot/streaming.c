#include "streaming.h"

#include "base/clock.h"
#include "base/log.h"
#include "obstacle.h"
#include "patience.h"

#include <errno.h>

enum {
	STREAM_POLL_MS = 20,
	COMPLAIN_AGAIN_MS = 10 * 60 * 1000,
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
	if (obstacle_check(host, &state, fault) < 0)
		return STEP_REFUSED;
	return step_done(detail, "from %s, walreceiver pid %ld", host->primary,
			 state.walreceiver_pid);
}

/* Warns when the reason is new, and now and then, for whoever reads the journal. */
static void complain(const struct fault *found, struct text *why, long long *complain_at)
{
	bool new = !text_equal(text_str(why), text_str(&found->message));

	text_reset(why);
	text_add(why, text_str(&found->message));
	if (!new &&clock_ms() < *complain_at)
		return;
	log_warning("the standby does not stream yet: %s", text_str(why));
	fault_log_more(found);
	*complain_at = clock_ms() + COMPLAIN_AGAIN_MS;
}

int streaming_apply(struct host *host, struct fault *fault)
{
	long long complain_at = 0, ask_at = clock_ms() + ASK_FIRST_MS;
	struct patience patience;
	TEXT_AUTO why = { 0 };

	patience_start(&patience, host, "waiting to stream from", "could not stream from");
	for (;;) {
		TEXT_AUTO detail = { 0 };
		enum step_state state = streaming_check(host, &detail, fault);

		if (state != STEP_NEEDED)
			return state == STEP_DONE ? 0 : -EIO;
		if (clock_ms() >= ask_at || patience_is_over(&patience)) {
			FAULT_AUTO found = { 0 };

			obstacle_find(host, &found);
			if (found.class != FAULT_RETRY || patience_is_over(&patience)) {
				fault_move(fault, &found);
				fault_prefix(fault, "the standby does not stream: ");
				return -EIO;
			}
			complain(&found, &why, &complain_at);
			ask_at = clock_ms() + ASK_AGAIN_MS;
		}
		log_status("waiting to stream: %s",
			   why.len ? text_str(&why) : text_str(&detail));
		if (clock_sleep_ms(STREAM_POLL_MS) < 0)
			return fault_set(fault, FAULT_RETRY, "stopped");
	}
}
