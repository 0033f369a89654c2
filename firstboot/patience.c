#include "patience.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"

#include <errno.h>

void patience_start(struct patience *patience, const struct host *host,
		    const char *waiting, const char *failed)
{
	long timeout_ms = host->settings.wait_timeout_ms;

	*patience = (struct patience){
		.host = host,
		.waiting = waiting,
		.failed = failed,
		.started = clock_ms(),
	};
	patience->deadline = timeout_ms ? patience->started + timeout_ms : -1;
}

bool patience_is_over(const struct patience *patience)
{
	return patience->deadline >= 0 && clock_ms() >= patience->deadline;
}

static void report(const struct patience *patience, const struct fault *fault,
		   long long waited_ms)
{
	const char *primary = patience->host->primary;

	log_status("%s %s: %s (try %d, %.1f s)", patience->waiting, primary,
		   text_str(&fault->message), patience->tries, (double)waited_ms / 1000);
	if (patience->tries > 1)
		return;
	log_info("%s %s: %s", patience->waiting, primary, text_str(&fault->message));
	log_line(LOG_LEVEL_INFO, "hint", text_str(&fault->hint));
}

static void name_server(const struct patience *patience, const char *how,
			long long waited_ms, struct fault *fault)
{
	fault_prefix(fault, "%s %s: ", patience->failed, patience->host->primary);
	text_addf(&fault->message, " (%s after %.0f s, %d %s)", how, (double)waited_ms / 1000,
		  patience->tries, patience->tries == 1 ? "try" : "tries");
}

int patience_wait(struct patience *patience, struct fault *fault)
{
	long long waited_ms = clock_ms() - patience->started;

	if (fault->class != FAULT_RETRY)
		return -EIO;
	patience->tries++;
	if (!stop_asked())
		report(patience, fault, waited_ms);
	if (patience_is_over(patience)) {
		name_server(patience, "gave up", waited_ms, fault);
		fault_hint(fault,
			   "Run setup again, or allow more time with wait_timeout in section [standby].");
		return -ETIMEDOUT;
	}
	if (clock_sleep_ms(clock_backoff_ms(waited_ms)) < 0) {
		name_server(patience, "stopped", waited_ms, fault);
		return -ECANCELED;
	}
	fault_clear(fault);
	return 0;
}
