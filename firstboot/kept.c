#include "kept.h"

#include "base/log.h"
#include "postgresql/clone_mark.h"

#include <errno.h>

/* 0 if it can be used, else a negative errno and, in the fault, the reason why it cannot. */
static int fits(const struct host *host, const struct clone_mark *mark, struct fault *fault)
{
	const struct replication_upstream *upstream = &host->upstream;
	struct replication_login login;
	int r;

	if (!text_equal(mark->system_id, upstream->system_id))
		return fault_set(fault, FAULT_OPERATOR, "it is of system %s",
				 mark->system_id);
	/* what it has of its own timeline may be more than the upstream's has in common */
	if (mark->timeline != upstream->timeline)
		return fault_set(fault, FAULT_OPERATOR,
				 "it is on timeline %ld, and the primary is on %ld",
				 mark->timeline, upstream->timeline);
	if (!tablespace_fits(&host->settings.tablespaces, host->cluster.staging))
		return fault_set(fault, FAULT_OPERATOR, "tablespace_mapping was another one");
	host_login(host, &login);
	r = replication_has_wal(&login, mark->timeline, mark->lsn, fault);
	if (r < 0 && fault->class == FAULT_RETRY)
		fault_prefix(fault, "could not ask %s for WAL: ", host->primary);
	return r;
}

static enum step_state judge(struct host *host, const struct clone_mark *mark,
			     struct text *detail, struct fault *fault)
{
	if (fits(host, mark, fault) == 0) {
		host->cluster.keep = true;
		return step_done(detail, "complete since an earlier run, in %s",
				 host->cluster.staging);
	}
	if (fault->class == FAULT_RETRY)
		return STEP_REFUSED;
	text_addf(detail, "clear the clone of an earlier run: %s", text_str(&fault->message));
	fault_clear(fault);
	return STEP_NEEDED;
}

enum step_state kept_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct clone_mark mark;
	int r = clone_mark_read(&host->cluster, &mark);

	if (r == -ENOENT || r == -ENOTDIR)
		return step_done(detail, "none");
	if (r < 0)
		return step_needed(detail, "clear what an earlier run has left");
	if (!host->upstream_known)
		return step_done(detail, "to be compared when the primary answers");
	return judge(host, &mark, detail, fault);
}

int kept_apply(struct host *host, struct fault *fault)
{
	TEXT_AUTO why = { 0 };

	/* the check after this says "none" */
	if (kept_check(host, &why, fault) == STEP_NEEDED)
		log_info("kept clone: %s", text_str(&why));
	return host->cluster.keep ? 0 : cluster_clear_staging(&host->cluster, fault);
}
