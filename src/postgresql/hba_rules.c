#include "postgresql/hba_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define MAIN_FILE "current_setting('hba_file')"

/* Other files have rules from 16 on; before, the view has no such column. */
#define WITH_RULES                                                                       \
	"WITH RECURSIVE rules AS (SELECT row_number() OVER () AS n,"                     \
	" coalesce(to_jsonb(r)->>'file_name', " MAIN_FILE ") AS file, r.*"               \
	" FROM pg_hba_file_rules r)"

int hba_rules_valid(struct db *db, struct fault *fault)
{
	RESULT_AUTO result = NULL;
	int r = db_query(db,
			 /*
			  * with a type, only one that cannot match: hostssl without ssl; and
			  * some errors are only in the server's log
			  */
			 WITH_RULES
			 " SELECT file, line_number, coalesce(error, 'see the server''s log')"
			 " FROM rules"
			 " WHERE type IS NULL ORDER BY n LIMIT 1",
			 0, NULL, &result, fault);

	if (r < 0 || !PQntuples(result))
		return r;
	fault_set(fault, FAULT_OPERATOR, "%s:%s is not a valid access rule: %s",
		  db_value(result, 0, 0), db_value(result, 0, 1), db_value(result, 0, 2));
	fault_hint(fault, "Correct it: until then, the server ignores the whole file.");
	return -EINVAL;
}

int hba_rules_of_others(struct db *db, const struct hba_file *file, struct text *ret,
			struct fault *fault)
{
	TEXT_AUTO ours = { 0 };
	RESULT_AUTO result = NULL;
	const char *values[1];
	int r;

	hba_add_numbers(file, false, &ours);
	values[0] = text_str(&ours);
	r = db_query(db,
		     WITH_RULES
		     " SELECT string_agg(ROW(nullif(file, " MAIN_FILE "), type,"
		     " database, user_name, address, netmask, auth_method, options,"
		     " error)::text, E'\\n' ORDER BY n) FROM rules"
		     " WHERE file <> " MAIN_FILE " OR line_number <> ALL ($1::int[])",
		     1, values, &result, fault);
	if (r == 0)
		text_add(ret, db_value(result, 0, 0));
	return r;
}

/*
 * $1: the role. $2: the addresses of its targets, self first. $3: lines of the main file to leave
 * out. $4: the types of rules that match whatever ours would. $5: whether /x is a regular
 * expression. An included file in which a keyword is quoted, or may be, is left out as such lines are.
 */
#define WITH_MATCHES                                                                                      \
	WITH_RULES                                                                                        \
	", groups AS (SELECT oid, rolname FROM pg_authid WHERE rolname = $1::text"                        \
	" UNION SELECT g.oid, g.rolname FROM groups m"                                                    \
	" JOIN pg_auth_members a ON a.member = m.oid JOIN pg_authid g ON g.oid = a.roleid),"              \
	" matches AS (SELECT t.i, r.* FROM rules r,"                                                      \
	" unnest($2::inet[]) WITH ORDINALITY AS t(net, i)"                                                \
	" WHERE CASE WHEN r.file = " MAIN_FILE " THEN r.line_number <> ALL ($3::int[])"                   \
	" ELSE r.file <> ALL (ARRAY(SELECT file FROM rules WHERE file <> " MAIN_FILE                      \
	" AND encode(pg_read_binary_file(file), 'escape') ~ '\"(all|replication|same|[+])|[ \t,]@')) END" \
	" AND r.type = ANY ($4::text[]) AND 'replication' = ANY (r.database)"                             \
	" AND EXISTS (SELECT FROM unnest(r.user_name) AS u WHERE CASE left(u, 1)"                         \
	" WHEN '+' THEN substr(u, 2) IN (SELECT rolname FROM groups)"                                     \
	" WHEN '/' THEN CASE WHEN $5::bool THEN $1 ~ substr(u, 2) ELSE u = $1 END"                        \
	" ELSE u IN ('all', $1) END)"                                                                     \
	" AND CASE WHEN r.netmask IS NULL"                                                                \
	" THEN r.address = 'all' OR t.i = 1 AND (r.address IN ('samehost', 'samenet')"                    \
	" OR lower(r.address) = 'localhost' AND (t.net <<= '127.0.0.0/8' OR t.net = '::1'))"              \
	" WHEN family(r.address::inet) <> family(t.net) THEN false"                                       \
	" ELSE r.address::inet & r.netmask::inet = host(t.net)::inet & r.netmask::inet"                   \
	" AND r.netmask::inet & hostmask(t.net) = hostmask(t.net) & ~hostmask(t.net) END) "

/*
 * The first that matches each target, the rules of the main file around it, whether it demands a
 * certificate, and the file of the last included rule before it that is about replication.
 */
static const char first_matches[] = WITH_MATCHES
	"SELECT DISTINCT ON (m.i) m.i, m.file, m.line_number, m.file = " MAIN_FILE ","
	" (SELECT max(line_number) FROM rules WHERE n < m.n AND file = " MAIN_FILE "),"
	" (SELECT min(line_number) FROM rules WHERE n > m.n AND file = " MAIN_FILE "),"
	" m.auth_method = 'cert' OR array_to_string(m.options, ' ') LIKE '%clientcert=verify%',"
	" (SELECT file FROM rules WHERE n < m.n AND n > (SELECT max(n) FROM rules"
	" WHERE n < m.n AND file = " MAIN_FILE ") AND 'replication' = ANY (database)"
	" ORDER BY n DESC LIMIT 1), " MAIN_FILE
	" FROM matches m WHERE m.i > 1 OR m.auth_method <> 'reject'"
	" OR m.address IN ('all', 'samehost', 'samenet') OR m.netmask IN ('0.0.0.0', '::')"
	" ORDER BY m.i, m.n";

const char *hba_rules_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1
		       ? host
		       : "127.0.0.1";
}

static size_t number_of(const PGresult *rows, int row, int column)
{
	return strtoul(db_value(rows, row, column), NULL, 10);
}

static bool is_true(const PGresult *rows, int row, int column)
{
	return text_equal(db_value(rows, row, column), "t");
}

/* The line of the main file that includes a file, between the rules of a row. */
static size_t include_of(const struct hba_file *file, const PGresult *rows, int row,
			 const char *path)
{
	return hba_include_of(file, number_of(rows, row, 4), number_of(rows, row, 5),
			      db_value(rows, row, 8), path);
}

/* Where the rule for one target belongs, given its row of first_matches; *ret is where it is. */
static int place_before(const struct hba_file *file, const PGresult *rows, int row,
			const char *target, size_t *ret, struct text *notes)
{
	const char *path = db_value(rows, row, 1), *included = db_value(rows, row, 7);
	bool in_main = is_true(rows, row, 3);
	/* an included file counts where it stands */
	size_t line = in_main ? number_of(rows, row, 2) : include_of(file, rows, row, path);

	if (!hba_is_line(file, line))
		return -EAGAIN;
	if (*ret && *ret < line)
		return 0;
	if (is_true(rows, row, 6))
		text_addf(notes, "; %s:%s demands a certificate from %s", path,
			  db_value(rows, row, 2), target);
	else if (!in_main && *included && include_of(file, rows, row, included) == line)
		/* before it would be before a rule for a part as well */
		text_addf(notes, "; %s:%s decides about %s", path, db_value(rows, row, 2),
			  target);
	else
		*ret = line;
	return 0;
}

static int query_matches(struct db *db, const char *sql, const char *user,
			 const char *types, const struct major *major, const char *addresses,
			 const char *left_out, PGresult **ret, struct fault *fault)
{
	const char *const values[] = { user, addresses, left_out, types,
				       major->hba_includes ? "on" : "off" };

	return db_query(db, sql, 5, values, ret, fault);
}

int hba_rules_place(struct db *db, const struct hba *hba, const struct hba_file *file,
		    const struct major *major, const char *self, size_t *ret_before,
		    struct text *ret_notes, struct fault *fault)
{
	TEXT_AUTO addresses = { 0 };
	TEXT_AUTO left_out = { 0 };
	RESULT_AUTO rows = NULL;
	int r;

	text_addf(&addresses, "{%s", hba_rules_address(self));
	for (size_t i = 1; i < hba_targets(hba); i++)
		text_addf(&addresses, ",%s", hba_target(hba, i));
	text_add(&addresses, "}");
	hba_add_numbers(file, true, &left_out);
	r = query_matches(db, first_matches, hba->user,
			  hba->tls ? "{host,hostssl,hostnogssenc}" : "{host}", major,
			  text_str(&addresses), text_str(&left_out), &rows, fault);
	if (r < 0)
		return r;
	hba_keep_places(file, hba, ret_before);
	for (int row = 0; r == 0 && row < PQntuples(rows); row++) {
		size_t i = number_of(rows, row, 0) - 1;

		r = place_before(file, rows, row, hba_target(hba, i), &ret_before[i],
				 ret_notes);
	}
	return r == 0 ? 0
		      : fault_set(fault, FAULT_RETRY,
				  "the access rules have changed while they were read");
}

int hba_rules_match(struct db *db, const char *user, bool tls, const struct major *major,
		    const char *self, struct text *ret, struct fault *fault)
{
	STRING_AUTO address = text_format("{%s}", hba_rules_address(self));
	RESULT_AUTO rows = NULL;
	int r = query_matches(db,
			      WITH_MATCHES
			      "SELECT file, line_number FROM matches ORDER BY n LIMIT 1",
			      user,
			      tls ? "{host,hostssl,hostnogssenc}"
				  : "{host,hostnossl,hostnogssenc}",
			      major, address, "{}", &rows, fault);

	if (r == 0 && PQntuples(rows))
		text_addf(ret, "%s:%s", db_value(rows, 0, 0), db_value(rows, 0, 1));
	return r;
}
