#include "postgresql/mirror.h"

#include "base/clock.h"
#include "base/file.h"
#include "postgresql/conf_lines.h"
#include "postgresql/pgconf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
	TOTAL_MAX = 16 * 1024 * 1024, /* bytes of all files */
	TIME_MAX_MS = 30 * 1000,      /* until the last one is asked for */
	NAMES_MAX = 1000,             /* in a directory that is included */
};

struct mirror {
	struct db *db;    /* of the upstream server, or NULL: */
	const char *from; /* the directory */
	const char *to;
	size_t total;
	long long deadline;
	struct fault *fault;
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int add_hex(const char *hex, struct text *ret)
{
	for (; *hex; hex += 2) {
		int high = hex_digit(hex[0]), low = high < 0 ? -1 : hex_digit(hex[1]);
		char byte = (char)(high << 4 | low);

		if (low < 0)
			return -EINVAL;
		text_add_bytes(ret, &byte, 1);
	}
	return 0;
}

static int fetch(struct mirror *mirror, const char *path, struct text *ret)
{
	STRING_AUTO limit = text_format("%d", CONF_FILE_MAX);
	const char *const values[] = { path, limit };
	RESULT_AUTO result = NULL;
	int r = db_query(mirror->db,
			 "SELECT pg_catalog.encode(pg_catalog.pg_read_binary_file("
			 "$1, 0, $2::pg_catalog.int8, true), 'hex')",
			 2, values, &result, mirror->fault);

	if (r < 0)
		return r;
	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		return -ENOENT;
	r = add_hex(db_value(result, 0, 0), ret);
	return r == 0 && ret->len >= CONF_FILE_MAX ? -EFBIG : r;
}

/* -ENOENT without a fault: there is no such file. */
static int read_one(struct mirror *mirror, const char *path, struct text *ret)
{
	STRING_AUTO file = mirror->from ? text_format("%s/%s", mirror->from, path) : NULL;
	int r = mirror->db ? fetch(mirror, path, ret) : file_read(file, CONF_FILE_MAX, ret);

	/* the server does not read it either */
	if (r == -FILE_NOT_REGULAR || r == -ENOTDIR)
		r = -ENOENT;
	if (r == 0)
		mirror->total += ret->len;
	if (mirror->total > TOTAL_MAX)
		r = -EFBIG;
	if (r < 0 && r != -ENOENT)
		fault_errno(mirror->fault, FAULT_OPERATOR, r, "could not read \"%s\"", path);
	return r;
}

/* The folders of a path below mirror->to. */
static int make_folders(const struct mirror *mirror, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		STRING_AUTO folder = text_format("%s/%.*s", mirror->to,
						 (int)(slash - path), path);

		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Not durably: it does not live long. */
static int write_quickly(const char *file, const struct text *content)
{
	FD_AUTO fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : file_write_all(fd, text_str(content), content->len);
}

static int write_one(const struct mirror *mirror, const char *path, const struct text *content)
{
	STRING_AUTO file = text_format("%s/%s", mirror->to, path);
	int r = make_folders(mirror, path);

	if (r == 0)
		r = write_quickly(file, content);
	return r < 0 ? fault_errno(mirror->fault, FAULT_OPERATOR, r,
				   "could not write \"%s\"", file)
		     : 0;
}

static int copy(struct mirror *mirror, const char *path)
{
	TEXT_AUTO content = { 0 };
	int r = read_one(mirror, path, &content);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : write_one(mirror, path, &content);
}

/* The names alone: each file is copied when it is visited. */
static int announce(struct mirror *mirror, const char *folder, const char *name)
{
	STRING_AUTO path = text_format("%s%s", folder, name);
	const struct text nothing = { 0 };

	return conf_is_member(name) && !strchr(name, '/')
		       ? write_one(mirror, path, &nothing)
		       : 0;
}

static int announce_upstream(struct mirror *mirror, const char *folder)
{
	const char *const values[] = { folder };
	RESULT_AUTO result = NULL;
	int r = db_query(mirror->db,
			 "SELECT pg_catalog.pg_ls_dir($1, true, false) LIMIT 1001", 1,
			 values, &result, mirror->fault);

	if (r == 0 && PQntuples(result) > NAMES_MAX)
		r = fault_set(mirror->fault, FAULT_OPERATOR, "\"%s\" has too many files",
			      folder);
	for (int i = 0; r == 0 && i < PQntuples(result); i++)
		r = announce(mirror, folder, db_value(result, i, 0));
	return r;
}

static int announce_directory(struct mirror *mirror, const char *folder)
{
	STRING_AUTO path = text_format("%s/%s", mirror->from, folder);
	DIR_AUTO dir = opendir(path);
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && dir && (entry = file_next(dir)))
		r = announce(mirror, folder, entry->d_name);
	return r;
}

static int visit(void *arg, const char *path)
{
	struct mirror *mirror = arg;
	size_t len = strlen(path);

	if (clock_ms() > mirror->deadline)
		return fault_errno(mirror->fault, FAULT_RETRY, -ETIMEDOUT,
				   "could not read \"%s\"", path);
	/* ours is written anew */
	if (*path == '/' || text_equal(path, PGCONF_FILE))
		return 0;
	if (path[len - 1] != '/')
		return copy(mirror, path);
	return mirror->db ? announce_upstream(mirror, path)
			  : announce_directory(mirror, path);
}

static int copy_all(struct mirror *mirror)
{
	static const char *const others[] = { "PG_VERSION", "global/pg_control",
					      CONF_AUTO_FILE, "pg_hba.conf" };
	CONF_LINES_AUTO lines = { 0 };
	int r;

	mirror->deadline = clock_ms() + TIME_MAX_MS;
	r = conf_lines_walk(&lines, CONF_MAIN_FILE, mirror->to, visit, mirror, mirror->fault);

	/* last: what is included must not replace them */
	for (size_t i = 0; r == 0 && i < sizeof(others) / sizeof(others[0]); i++)
		r = copy(mirror, others[i]);
	return r;
}

int mirror_from_upstream(const struct replication_login *login, const char *directory,
			 struct fault *fault)
{
	DB_AUTO db = { 0 };
	struct mirror mirror = { .db = &db, .to = directory, .fault = fault };
	int r = replication_open_database(login, &db, fault);

	return r < 0 ? r : copy_all(&mirror);
}

int mirror_from_directory(const char *from, const char *directory, struct fault *fault)
{
	struct mirror mirror = { .from = from, .to = directory, .fault = fault };

	return copy_all(&mirror);
}
