#include "host/firewall.h"

#include "base/spawn.h"

#include <string.h>
#include <unistd.h>

#define FIREWALL_CMD "/usr/bin/firewall-cmd"

enum {
	TIMEOUT_MS = 60 * 1000,
	/* firewall-cmd(1), exit codes */
	STATUS_NO = 1,
	STATUS_NOT_RUNNING = 252,
};

/*
 * Calls firewall-cmd with up to two options: 1 for success, 0 for the exit code no, or a
 * negative errno and the fault.
 */
static int ask(const char *first, const char *second, int no, struct fault *fault)
{
	const char *argv[] = { FIREWALL_CMD, "--quiet", first, second, NULL };
	const struct spawn spawn = { .argv = argv, .timeout_ms = TIMEOUT_MS };

	return spawn_ask(&spawn, NULL,
			 "Look at \"systemctl status firewalld\", or set open_firewall = off and open the port by hand.",
			 no, fault);
}

int firewall_runs(struct fault *fault)
{
	/* not installed counts as not running */
	return access(FIREWALL_CMD, X_OK) < 0
		       ? 0
		       : ask("--state", NULL, STATUS_NOT_RUNNING, fault);
}

/* The option with the rule for one network, such as --add-rich-rule=rule ... accept. */
static char *rule_option(const char *option, const char *cidr, long port)
{
	return text_format("%s=rule family=\"%s\" source address=\"%s\""
			   " port port=\"%ld\" protocol=\"tcp\" accept",
			   option, strchr(cidr, ':') ? "ipv6" : "ipv4", cidr, port);
}

/* 1 if the rule is there, 0 if not. */
static int has_rule(const struct firewall *firewall, const char *cidr, bool permanent,
		    struct fault *fault)
{
	STRING_AUTO option = rule_option("--query-rich-rule", cidr, firewall->port);

	return ask(option, permanent ? "--permanent" : NULL, STATUS_NO, fault);
}

static int add_rule(const struct firewall *firewall, const char *cidr, bool permanent,
		    struct fault *fault)
{
	STRING_AUTO option = rule_option("--add-rich-rule", cidr, firewall->port);
	int r = ask(option, permanent ? "--permanent" : NULL, 0, fault);

	return r < 0 ? r : 0;
}

int firewall_missing(const struct firewall *firewall, struct fault *fault)
{
	int missing = 0;

	for (size_t i = 0; i < firewall->networks->count; i++) {
		for (int permanent = 0; permanent < 2; permanent++) {
			int there = has_rule(firewall, firewall->networks->cidr[i],
					     permanent, fault);

			if (there < 0)
				return there;
			missing += !there;
		}
	}
	return missing;
}

int firewall_open(const struct firewall *firewall, struct fault *fault)
{
	for (size_t i = 0; i < firewall->networks->count; i++) {
		for (int permanent = 0; permanent < 2; permanent++) {
			const char *cidr = firewall->networks->cidr[i];
			int r = has_rule(firewall, cidr, permanent, fault);

			if (r == 0)
				r = add_rule(firewall, cidr, permanent, fault);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
