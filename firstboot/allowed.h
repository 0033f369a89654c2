/* allowed.h - which values may be written. */
#pragma once

#include "host.h"
#include "present.h"

/*
 * Would our file, with these parameters, take effect on the cluster in PGDATA, and would a
 * server start with it? Refused are lines that postgresql.auto.conf or a command line
 * overrides, too little for what the cluster holds (holdings.h), a wal_level that lets no
 * standby follow, and another port than the owner's line has. What the server's program rejects
 * by itself is left to it. 0, or -EIO and the fault.
 */
int allowed_check(struct host *host, const struct pgconf *wanted,
		  const struct present *present, struct fault *fault);
