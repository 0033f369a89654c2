#include "collations.h"

#include "base/log.h"
#include "postgresql/collation.h"

#include <gnu/libc-version.h>
#include <string.h>

#define INSTALL                                                                          \
	"Install it: \"locale -a\" lists what this host has; on EL 8 and later it is in a package glibc-langpack-*, on EL 7 localedef(1) makes it."
#define SAME_SYSTEM                                                                      \
	"Use the same release of the operating system on both hosts, or only collations C and ICU on the primary: with an index that is in another order, rows are not found here, nor after this host was promoted."

struct findings_here {
	struct text seen; /* what was reported: once per locale, not once per database */
	struct fault *fault;
	bool refused;
};

static bool is_new(struct findings_here *findings, const struct collation_report *report)
{
	STRING_AUTO key = text_format("%d %s\n", (int)report->finding, report->locale);

	if (strstr(text_str(&findings->seen), key))
		return false;
	text_add(&findings->seen, key);
	return true;
}

static void on_missing(struct findings_here *findings, const struct collation_report *report)
{
	if (text_equal(report->database, "postgres")) {
		/* the database that setup itself connects to */
		fault_set(findings->fault, FAULT_OPERATOR,
			  "this host does not have the locale \"%s\", which the primary's database \"postgres\" needs",
			  report->locale);
		fault_hint(findings->fault, INSTALL);
		findings->refused = true;
		return;
	}
	log_warning("this host does not have the locale \"%s\": connections to a clone of the primary's database \"%s\" will fail",
		    report->locale, report->database);
	log_hint(INSTALL);
}

static void visit(void *arg, const struct collation_report *report)
{
	struct findings_here *findings = arg;

	if (!is_new(findings, report))
		return;
	switch (report->finding) {
	case COLLATION_UNUSABLE:
		log_warning("this host does not have the locale \"%s\": indexes in the primary's database \"%s\" cannot be used here",
			    report->locale, report->database);
		log_hint(INSTALL);
		break;
	case COLLATION_MISSING:
		on_missing(findings, report);
		break;
	case COLLATION_DIFFERS:
		log_warning("the C library of this host sorts by \"%s\" in another order than the primary's, in whose database \"%s\" it is used: indexes would be wrong here",
			    report->locale, report->database);
		log_hint(SAME_SYSTEM);
		break;
	case COLLATION_DOUBTFUL:
		log_warning("the C library of the primary, which sorts by \"%s\" in its database \"%s\", has version %s, and that of this host %s: they may sort some strings in another order",
			    report->locale, report->database, report->version,
			    gnu_get_libc_version());
		log_hint(SAME_SYSTEM);
		break;
	}
}

enum step_state collations_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct findings_here findings = { .fault = fault };
	FAULT_AUTO refusal = { 0 };
	struct replication_login login;
	size_t compared = 0;
	int r;

	if (!host->upstream_known)
		return step_done(detail, "to be compared when the primary answers");
	host_login(host, &login);
	r = collation_compare(&login, visit, &findings, &compared, &refusal);
	text_free(&findings.seen);
	if (findings.refused)
		return STEP_REFUSED;
	if (r < 0)
		return step_done(detail, "not known: the role cannot log in to a database");
	return step_done(detail, "%zu of the C library compared", compared);
}
