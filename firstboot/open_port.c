#include "open_port.h"

#include "monitor.h"

enum step_state open_port_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct verb_look look = { .active = false };

	if (!host->settings.open_firewall)
		return step_done(detail, "open_firewall is off");
	if (monitor_ask(host->verbs, VERB_FIREWALL_LOOK, &look, fault) < 0)
		return STEP_REFUSED;
	if (!look.firewall_runs)
		return step_done(detail, "firewalld does not run");
	text_addf(detail, "TCP port %ld %s %zu network%s", host->settings.port,
		  look.firewall_missing ? "is to be opened for" : "is open for",
		  host->settings.standby_networks.count,
		  text_s((long)host->settings.standby_networks.count));
	return look.firewall_missing ? STEP_NEEDED : STEP_DONE;
}

int open_port_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_FIREWALL, NULL, fault);
}
