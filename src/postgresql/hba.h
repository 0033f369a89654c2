/*
 * hba.h - our rules in pg_hba.conf, as text.
 *
 * The first rule that matches a connection decides (PostgreSQL manual, "The pg_hba.conf File"),
 * so the place of a rule is half of its meaning:
 *
 * - The replication rules match nothing but replication of one role: "all" does not match
 *   replication, and "replication" matches nothing else. There is one per target: this host,
 *   which verifies the login of the role, then each network. Each stands before the line that
 *   the caller names (hba_rules.h finds it).
 * - The last rules override nobody: they end the file. They let all roles into all databases,
 *   or only the replication role into "postgres", where a standby asks for tablespaces.
 *
 * Everything outside our blocks is kept byte for byte.
 */
#pragma once

#include "base/network.h"
#include "base/text.h"
#include "postgresql/hba_file.h"

#define HBA_SAMEHOST "samehost"

struct hba {
	const char *user;   /* the replication role; quoted as needed */
	const char *method; /* scram-sha-256 or md5 */
	bool tls;           /* hostssl lines, else host */
	bool applications;  /* the last rules are for everybody */
	const char *self;   /* the address of this host: HBA_SAMEHOST, or a single one */
	const struct networks *networks;
};

/* The addresses of the replication rules: self is 0, networks follow. */
size_t hba_targets(const struct hba *hba);
const char *hba_target(const struct hba *hba, size_t i);

/*
 * The place that the rule for a target has already: the first line of its block; 0: none. A rule for
 * another role, or without TLS, is another one: what its place overrides is not ours to override.
 */
size_t hba_place(const struct hba_file *file, const struct hba *hba, size_t i);
void hba_keep_places(const struct hba_file *file, const struct hba *hba, size_t *ret_before);

/*
 * Adds the content with our rules. before has hba_targets() numbers: each is that of the line that the
 * rule has to precede, or 0 for the end. hba_describe() adds only our rules, with their places.
 */
void hba_merge(const struct hba_file *file, const struct hba *hba, const size_t *before,
	       struct text *ret);
void hba_describe(const struct hba_file *file, const struct hba *hba,
		  const size_t *before, struct text *ret);
