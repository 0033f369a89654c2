#include "kept.h"

#include "base/file.h"
#include "base/log.h"
#include "lineage.h"
#include "postgresql/clone_mark.h"

#include <errno.h>
#include <string.h>

/*
 * These say whether it can be used: 0, or a negative errno and the reason in the fault.
 * -ESTALE: there is no way to use it any more, whatever the ini says.
 */

static int check_server(const struct host *host, const struct clone_mark *mark,
			const struct replication_login *login, struct fault *fault)
{
	const struct replication_upstream *upstream = &host->upstream;
	int r;

	if (!text_equal(mark->system_id, upstream->system_id)) {
		fault_set(fault, FAULT_OPERATOR, "it is of system %s, and %s has system %s",
			  mark->system_id, host->primary, upstream->system_id);
		return fault_hint(fault, "Correct primary_host.");
	}
	r = lineage_check_clone(host, login, upstream, mark->end, fault);
	if (r < 0 && r != -ESTALE && fault->class == FAULT_OPERATOR)
		fault_hint(fault, "Set primary_host to the server that was promoted last.");
	return r;
}

static int check_tablespaces(const struct host *host, struct fault *fault)
{
	STRING_AUTO unmapped = tablespace_find_unmapped(&host->settings.tablespaces,
							host->cluster.staging);
	const int suffix = (int)strlen(TABLESPACE_STAGING_SUFFIX);

	if (!unmapped)
		return 0;
	if (!file_exists(unmapped)) {
		fault_set(fault, FAULT_OPERATOR, "its tablespace \"%s\" is gone", unmapped);
		return -ESTALE;
	}
	fault_set(fault, FAULT_OPERATOR,
		  "tablespace_mapping does not have its tablespace \"%s\" any more",
		  unmapped);
	return fault_hint(fault, "Map the tablespace to \"%.*s\" again.",
			  (int)strlen(unmapped) - suffix, unmapped);
}

static int check_wal(const struct clone_mark *mark, const struct replication_login *login,
		     struct fault *fault)
{
	/* that of a file that does not exist: see XLogRead() in walsender.c */
	static const char removed[] = "58P01";
	int r = replication_has_wal(login, mark->end.timeline, mark->lsn, fault);

	if (r < 0 && text_equal(fault->sqlstate, removed))
		return -ESTALE;
	if (r < 0)
		fault_prefix(fault, "could not ask %s:%ld for WAL: ", login->host,
			     login->port);
	return r;
}

static int check(const struct host *host, const struct clone_mark *mark, struct fault *fault)
{
	struct replication_login login;
	int r;

	host_login(host, &login);
	r = check_server(host, mark, &login, fault);
	if (r == 0)
		r = check_tablespaces(host, fault);
	return r == 0 ? check_wal(mark, &login, fault) : r;
}

static enum step_state judge(struct host *host, const struct clone_mark *mark,
			     struct text *detail, struct fault *fault)
{
	const char *staging = host->cluster.staging;
	int r = check(host, mark, fault);

	if (r == 0) {
		host->cluster.keep = true;
		return step_done(detail, "complete since an earlier run, in %s", staging);
	}
	if (r == -ESTALE) {
		text_addf(detail, "clear the clone of an earlier run: %s",
			  text_str(&fault->message));
		fault_clear(fault);
		return STEP_NEEDED;
	}
	if (fault->class == FAULT_RETRY)
		return STEP_REFUSED;
	fault_prefix(fault, "could not go on with the complete clone in \"%s\": ", staging);
	return step_refused(fault,
			    "Nothing was changed: setup goes on with the clone as soon as it can. To have the primary cloned anew instead, remove \"%s/" CLUSTER_MARK
			    "\".",
			    staging);
}

enum step_state kept_check(struct host *host, struct text *detail, struct fault *fault)
{
	struct clone_mark mark;
	int r = clone_mark_read(&host->cluster, &mark);

	if (r == -ENOENT || r == -ENOTDIR)
		return step_done(detail, "none");
	if (r == -EINVAL)
		return step_needed(detail, "clear what an earlier run has left");
	if (r < 0) {
		fault_errno(fault, FAULT_OPERATOR, r,
			    "could not read \"%s/" CLUSTER_MARK "\"", host->cluster.staging);
		return step_refused(fault,
				    "Give what is in \"%s\" to %s; or remove it, to have the primary cloned anew.",
				    host->cluster.staging, host->user);
	}
	if (!host->upstream_known)
		return step_done(detail, "to be compared when the primary answers");
	return judge(host, &mark, detail, fault);
}

int kept_apply(struct host *host, struct fault *fault)
{
	TEXT_AUTO why = { 0 };
	enum step_state state = kept_check(host, &why, fault);

	if (state != STEP_NEEDED)
		return state == STEP_DONE ? 0 : -EIO;
	log_info("kept clone: %s", text_str(&why));
	/* the check after this says "none" */
	return cluster_clear_staging(&host->cluster, fault);
}
