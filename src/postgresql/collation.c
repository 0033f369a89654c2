#include "postgresql/collation.h"

#include "base/clock.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

/* What a primary can make us ask for: it may be slow, or lie about how much it has. */
enum {
	DATABASES_MAX = 100,
	COLLATIONS_MAX = 20, /* per database */
	TIME_MAX_MS = 10 * 1000,
};

/* glibc up to 2.27 ignores punctuation at first; others have other ideas about letters. */
static const char *const pairs[][2] = {
	{ "1-1", "11" },   { "a b", "ab" }, { "a-a", "a a" }, { "1.1", "10" },
	{ "a_b", "aa" },   { "-1", "0" },   { "(b)", "a" },   { "a", "B" },
	{ "A", "a" },      { "ab", "Aa" },  { "z", "aa" },    { "a/b", "a/a c" },
	{ "1 000", "99" }, { "+1", "a" },   { "chz", "cz" },
};
enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

struct compare {
	collation_visit *visit;
	void *arg;
	const char *database;
	size_t compared;
};

/* A name of the primary's, cut off like an identifier, without control characters. */
static void show(char ret[64], const char *name)
{
	snprintf(ret, 64, "%s", name);
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
}

static void report(const struct compare *compare, enum collation_finding finding,
		   const char *locale, const char *version)
{
	char names[3][64];

	show(names[0], compare->database);
	show(names[1], locale);
	show(names[2], version);
	compare->visit(compare->arg, &(struct collation_report){ .finding = finding,
								 .database = names[0],
								 .locale = names[1],
								 .version = names[2] });
}

/* "tft...": for each pair, whether its first comes before its second. */
static void sort_here(locale_t locale, char ret[PAIRS + 1])
{
	for (size_t i = 0; i < PAIRS; i++) {
		const char *a = pairs[i][0], *b = pairs[i][1];
		int order = strcoll_l(a, b, locale);

		/* the server decides a tie by the bytes (varstr_cmp) */
		ret[i] = (order ? order : strcmp(a, b)) < 0 ? 't' : 'f';
	}
	ret[PAIRS] = '\0';
}

/* The same there; collate is "" for the database's own, or a clause. */
static int sort_there(struct db *db, const char *collate, char ret[PAIRS + 1],
		      struct fault *fault)
{
	TEXT_AUTO sql = { 0 };
	RESULT_AUTO result = NULL;
	int r;

	text_add(&sql, "SELECT pg_catalog.concat(");
	for (size_t i = 0; i < PAIRS; i++)
		text_addf(&sql, "%s'%s'::pg_catalog.text%s < '%s'", i ? ", " : "",
			  pairs[i][0], collate, pairs[i][1]);
	text_add(&sql, ")");
	r = db_query(db, text_str(&sql), 0, NULL, &result, fault);
	if (r == 0)
		snprintf(ret, PAIRS + 1, "%s", db_value(result, 0, 0));
	return r;
}

static bool is_of_bytes(const char *locale)
{
	return text_equal(locale, "C") || text_equal(locale, "POSIX");
}

/* NULL if this host does not have it. A name with a slash would be a path. */
static locale_t open_locale(const char *name)
{
	return strchr(name, '/') ? NULL
				 : newlocale(LC_COLLATE_MASK | LC_CTYPE_MASK, name, NULL);
}

static void compare_one(struct compare *compare, struct db *db, const char *name,
			const char *locale, const char *version)
{
	STRING_AUTO collate = *name ? text_format(" COLLATE %s", name) : text_copy("");
	locale_t here = open_locale(locale);
	char ours[PAIRS + 1], theirs[PAIRS + 1];
	FAULT_AUTO refusal = { 0 };

	/* that of the database was reported before */
	if (!here && *name)
		report(compare, COLLATION_UNUSABLE, locale, version);
	if (!here)
		return;
	compare->compared++;
	sort_here(here, ours);
	freelocale(here);
	if (sort_there(db, collate, theirs, &refusal) < 0)
		return;
	if (!text_equal(ours, theirs))
		report(compare, COLLATION_DIFFERS, locale, version);
	else if (*version && !text_equal(version, gnu_get_libc_version()))
		report(compare, COLLATION_DOUBTFUL, locale, version);
}

/*
 * The collations of the C library that a database uses: its own, with an empty name, and those
 * of indexes. Versions: those of libc are new in 13, those of databases in 15.
 */
static int list_collations(struct db *db, PGresult **ret, struct fault *fault)
{
	int version = PQserverVersion(db->conn);
	STRING_AUTO sql =
		text_format("SELECT '', datcollate, datctype, %s FROM pg_catalog.pg_database"
			    " WHERE datname = pg_catalog.current_database()"
			    " UNION ALL SELECT DISTINCT pg_catalog.quote_ident(n.nspname) || '.'"
			    "  || pg_catalog.quote_ident(c.collname), c.collcollate, c.collctype, %s"
			    " FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indcollation::pg_catalog.oid[]) o,"
			    "  pg_catalog.pg_collation c, pg_catalog.pg_namespace n"
			    " WHERE c.oid = o AND n.oid = c.collnamespace AND c.collprovider = 'c'"
			    " LIMIT %d",
			    version >= 150000
				    ? "CASE datlocprovider WHEN 'c' THEN"
				      " pg_catalog.pg_database_collation_actual_version(oid) ELSE '-' END"
				    : "''",
			    version >= 130000 ? "pg_catalog.pg_collation_actual_version(c.oid)"
					      : "''",
			    COLLATIONS_MAX);

	return db_query(db, sql, 0, NULL, ret, fault);
}

static void compare_database(struct compare *compare, const struct replication_login *login)
{
	enum { NAME, COLLATE, CTYPE, LIBRARY };
	struct replication_login inside = *login;
	FAULT_AUTO refusal = { 0 };
	RESULT_AUTO rows = NULL;
	DB_AUTO db = { 0 };

	inside.database = compare->database;
	if (replication_open_database(&inside, &db, &refusal) < 0 ||
	    list_collations(&db, &rows, &refusal) < 0)
		return;
	for (int i = 0; i < PQntuples(rows) && i < COLLATIONS_MAX; i++) {
		const char *locale = db_value(rows, i, COLLATE);
		const char *version = db_value(rows, i, LIBRARY);

		/* "-": another provider sorts */
		if (!is_of_bytes(locale) && !text_equal(version, "-"))
			compare_one(compare, &db, db_value(rows, i, NAME), locale, version);
	}
}

/* A server sets both when a connection begins, whatever sorts (CheckMyDatabase). */
static void look_for_locales(struct compare *compare, const char *collate, const char *ctype)
{
	const char *const names[] = { collate, ctype };

	for (size_t i = 0; i < 2; i++) {
		locale_t here = open_locale(names[i]);

		if (here)
			freelocale(here);
		else if (!i || !text_equal(collate, ctype))
			report(compare, COLLATION_MISSING, names[i], "");
	}
}

int collation_compare(const struct replication_login *login, collation_visit *visit,
		      void *arg, size_t *ret_compared, struct fault *fault)
{
	enum { NAME, COLLATE, CTYPE };
	long long deadline = clock_ms() + TIME_MAX_MS;
	struct compare compare = { .visit = visit, .arg = arg };
	STRING_AUTO sql =
		text_format("SELECT datname, datcollate, datctype FROM pg_catalog.pg_database"
			    " WHERE datallowconn ORDER BY datname <> 'postgres', datname LIMIT %d",
			    DATABASES_MAX);
	RESULT_AUTO rows = NULL;
	DB_AUTO db = { 0 };
	int r = replication_open_database(login, &db, fault);

	if (r == 0)
		r = db_query(&db, sql, 0, NULL, &rows, fault);
	db_close(&db);
	for (int i = 0; r == 0 && i < PQntuples(rows); i++) {
		compare.database = db_value(rows, i, NAME);
		look_for_locales(&compare, db_value(rows, i, COLLATE),
				 db_value(rows, i, CTYPE));
		if (clock_ms() < deadline)
			compare_database(&compare, login);
	}
	*ret_compared = compare.compared;
	return r;
}
