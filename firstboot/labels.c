#include "labels.h"

#include "host/selinux.h"
#include "monitor.h"

/* Where SELinux does not apply, ret is empty and *ret_why says why. */
static int look_at_labels(struct host *host, struct selinux_look *ret,
			  const char **ret_why, struct fault *fault)
{
	STRING_AUTO passfile = host_passfile(host);
	const struct selinux_place place = { host->directories, passfile };
	int r = host->root_side ? selinux_look(&place, ret, fault) : 0;

	*ret_why = NULL;
	if (!host->root_side)
		*ret_why = "not touched: that needs root";
	else if (r == 0 && !ret->enabled)
		*ret_why = "SELinux is not enabled";
	return r;
}

enum step_state label_rules_check(struct host *host, struct text *detail, struct fault *fault)
{
	SELINUX_LOOK_AUTO look = { .enabled = false };
	const char *why;

	if (look_at_labels(host, &look, &why, fault) < 0)
		return STEP_REFUSED;
	if (look.by_hand.len) {
		fault_set(fault, FAULT_OPERATOR,
			  "the SELinux policy has no rule for the directory that a link leads to");
		return step_refused(fault,
				    "Name the directory itself, in PGDATA of the service or in tablespace_mapping, or run: %s",
				    text_str(&look.by_hand));
	}
	if (look.rules.len)
		return step_needed(detail, "%s", text_str(&look.rules));
	return step_done(detail, "%s",
			 why ? why : "the policy has a rule for every directory");
}

int label_rules_apply(struct host *host, struct fault *fault)
{
	return monitor_ask(host->verbs, VERB_LABEL_RULE, NULL, fault);
}

enum step_state labels_check(struct host *host, struct text *detail, struct fault *fault)
{
	SELINUX_LOOK_AUTO look = { .enabled = false };
	const char *why;

	if (look_at_labels(host, &look, &why, fault) < 0)
		return STEP_REFUSED;
	if (look.labels.len)
		return step_needed(detail, "%s", text_str(&look.labels));
	if (why)
		text_add(detail, why);
	else
		text_addf(detail, "%s is labelled as the policy requires",
			  host->cluster.path);
	return STEP_DONE;
}

int labels_apply(struct host *host, struct fault *fault)
{
	STRING_AUTO passfile = host_passfile(host);
	const struct selinux_place place = { host->directories, passfile };

	return selinux_restore(&place, fault);
}
