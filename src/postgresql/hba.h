/*
 * hba.h - our block in pg_hba.conf, as text.
 *
 * The first line that matches a connection decides (PostgreSQL manual, "The pg_hba.conf
 * File"), so the block stands before the first line for TCP connections. "all" does not
 * match replication connections, so there are two lines per network. A line for
 * "samehost" lets this host verify the login of the replication role.
 */
#pragma once

#include "base/network.h"
#include "base/text.h"

struct hba {
	const char *user;   /* the replication role; quoted as needed */
	const char *method; /* scram-sha-256 or md5 */
	bool tls;           /* hostssl lines, else host */
	const struct networks *networks;
};

/*
 * Adds content to ret, with the block for hba in it: in place of an existing block, else
 * before the first host line, else at the end. Everything outside the block is kept byte
 * for byte. -EINVAL if a block has a beginning but no end: somebody has edited it.
 */
int hba_merge(const char *content, const struct hba *hba, struct text *ret);
