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
 * Ours are in blocks between two comments; everything outside is kept byte for byte. A line that
 * continues after a backslash is one line (from PostgreSQL 14 on, comments included), and its
 * number is that of its beginning, as in pg_hba_file_rules.
 */
#pragma once

#include "base/network.h"
#include "base/text.h"
#include "postgresql/major.h"

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

/* All zero is an empty file. The lines point into the content. */
struct hba_file {
	struct hba_line {
		const char *s;
		size_t len;    /* with its line feed, and all lines that continue it */
		size_t number; /* from 1 */
		size_t block; /* the number of the first line of our block that it is in; 0: none */
	} * lines;
	size_t count;
	bool dangling; /* a backslash ends the file */
};

/*
 * Takes content apart. -EINVAL if a block has no end, -EBADMSG if it has a rule that is not
 * ours; *ret_number is its line.
 */
int hba_scan(struct hba_file *ret, const char *content, const struct major *major,
	     size_t *ret_number);
void hba_close(struct hba_file *file);
#define HBA_AUTO CLEANUP(hba_close) struct hba_file

/* Is there a replication rule of ours for this address? */
bool hba_has_target(const struct hba_file *file, const char *address);

/* The places that the replication rules have already: the first lines of their blocks; 0: none. */
void hba_keep_places(const struct hba_file *file, const struct hba *hba, size_t *ret_before);

/* Do our blocks let all roles into all databases? */
bool hba_has_applications(const struct hba_file *file);

/* The first rule for TCP that is not ours; 0: none. Enough of a place in the file of initdb. */
size_t hba_first_host(const struct hba_file *file);

bool hba_is_line(const struct hba_file *file, size_t number);

/*
 * The line that includes path, between the lines after and before (0: the end), both exclusive: the
 * one that names it, else the last that includes anything; 0: none.
 */
size_t hba_include_of(const struct hba_file *file, size_t after, size_t before,
		      const char *path);

/*
 * Adds the numbers of lines as an array of PostgreSQL: all of ours, and if quoting is true, those in
 * which a keyword is quoted and therefore a name; pg_hba_file_rules shows no difference.
 */
void hba_add_numbers(const struct hba_file *file, bool quoting, struct text *ret);

/*
 * Adds the content with our rules. before has hba_targets() numbers: each is that of the line that the
 * rule has to precede, or 0 for the end. hba_describe() adds only our rules, with their places.
 */
void hba_merge(const struct hba_file *file, const struct hba *hba, const size_t *before,
	       struct text *ret);
void hba_describe(const struct hba_file *file, const struct hba *hba,
		  const size_t *before, struct text *ret);
