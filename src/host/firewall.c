#include "host/firewall.h"

#include "base/spawn.h"

#include <errno.h>
#include <string.h>

#define FIREWALL_CMD "/usr/bin/firewall-cmd"

enum {
	TIMEOUT_MS = 60 * 1000,
	STATUS_NOT_RUNNING = 252, /* firewall-cmd(1), exit codes */
};

/* Runs firewall-cmd with up to two options; its exit status or a negative errno. */
static int run(const char *first, const char *second, struct text *err)
{
	const char *argv[] = { FIREWALL_CMD, "--quiet", first, second, NULL };
	struct spawn spawn = {
		.argv = argv,
		.timeout_ms = TIMEOUT_MS,
		.err = err,
	};

	return spawn_run(&spawn);
}

static int failed(int status, const struct text *err, struct fault *fault)
{
	int r = spawn_fault(FIREWALL_CMD, status, err, fault);

	if (status != -ECANCELED)
		fault_hint(
			fault,
			"Look at \"systemctl status firewalld\", or set open_firewall = off and open the port by hand.");
	return r;
}

int firewall_runs(struct fault *fault)
{
	TEXT_AUTO err = { 0 };
	int status = run("--state", NULL, &err);

	if (status == -ENOENT || status == STATUS_NOT_RUNNING)
		return 0;
	return status == 0 ? 1 : failed(status, &err, fault);
}

/* The option with the rule for one network, such as --add-rich-rule=rule ... accept. */
static char *rule_option(const char *option, const char *cidr, long port)
{
	return text_format("%s=rule family=\"%s\" source address=\"%s\""
			   " port port=\"%ld\" protocol=\"tcp\" accept",
			   option, strchr(cidr, ':') ? "ipv6" : "ipv4", cidr, port);
}

/* 1 when the rule is there, 0 when not. */
static int has_rule(const struct firewall *firewall, const char *cidr, bool permanent,
		    struct fault *fault)
{
	STRING_AUTO option = rule_option("--query-rich-rule", cidr, firewall->port);
	TEXT_AUTO err = { 0 };
	int status = run(option, permanent ? "--permanent" : NULL, &err);

	if (status == 0 || status == 1)
		return !status;
	return failed(status, &err, fault);
}

static int add_rule(const struct firewall *firewall, const char *cidr, bool permanent,
		    struct fault *fault)
{
	STRING_AUTO option = rule_option("--add-rich-rule", cidr, firewall->port);
	TEXT_AUTO err = { 0 };
	int status = run(option, permanent ? "--permanent" : NULL, &err);

	return status == 0 ? 0 : failed(status, &err, fault);
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
