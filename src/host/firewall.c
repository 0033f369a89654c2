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

/* Calls firewall-cmd: 1 for success, 0 for the exit code no, or a negative errno. */
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

/* 1 for success, 0 for "no". option is --query-rich-rule or --add-rich-rule. */
static int ask_rule(const char *option, const char *cidr, long port, bool permanent,
		    int no, struct fault *fault)
{
	STRING_AUTO rule = text_format("%s=rule family=\"%s\" source address=\"%s\""
				       " port port=\"%ld\" protocol=\"tcp\" accept",
				       option, strchr(cidr, ':') ? "ipv6" : "ipv4", cidr,
				       port);

	return ask(rule, permanent ? "--permanent" : NULL, no, fault);
}

/* How many rules are missing, or were until now; or a negative errno. */
static int count_missing(const struct firewall *firewall, bool add, struct fault *fault)
{
	int missing = 0;

	for (size_t i = 0; i < 2 * firewall->networks->count; i++) {
		const char *cidr = firewall->networks->cidr[i / 2];
		bool permanent = i % 2;
		int r = ask_rule("--query-rich-rule", cidr, firewall->port, permanent,
				 STATUS_NO, fault);

		missing += r == 0;
		if (r == 0 && add)
			r = ask_rule("--add-rich-rule", cidr, firewall->port, permanent,
				     0, fault);
		if (r < 0)
			return r;
	}
	return missing;
}

int firewall_missing(const struct firewall *firewall, struct fault *fault)
{
	return count_missing(firewall, false, fault);
}

int firewall_open(const struct firewall *firewall, struct fault *fault)
{
	int r = count_missing(firewall, true, fault);

	return r < 0 ? r : 0;
}
