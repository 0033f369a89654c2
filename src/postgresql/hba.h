/*
 * hba.h - our block in pg_hba.conf, as text.
 *
 * The first line that matches a connection decides (PostgreSQL manual, "The pg_hba.conf
 * File"), so the block stands before the first line for TCP connections. "all" does not
 * match a replication connection: there are two lines a network. A line for "samehost"
 * lets the host's own verification log in as the replication role.
 */
#ifndef PGREPL_HBA_H
#define PGREPL_HBA_H

#include "base/network.h"
#include "base/text.h"

struct hba {
	const char *user;   /* of replication; quoted as needed */
	const char *method; /* scram-sha-256 or md5 */
	bool tls;           /* hostssl lines, else host */
	const struct networks *networks;
};

/*
 * Adds value quoted for pg_hba.conf: "..." with " doubled; a keyword loses its meaning.
 */
void hba_quote(struct text *ret, const char *value);

/*
 * Adds content to ret with the block in it as hba wants it: in place of the one that is
 * there, else before the first host line, else at the end. What stands outside of the
 * block is kept byte for byte. -EINVAL when a block begins and does not end: somebody
 * edited it.
 */
int hba_merge(const char *content, const struct hba *hba, struct text *ret);

#endif
