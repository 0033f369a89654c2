/*
 * hba_file.h - pg_hba.conf in lines, as the server reads them, and which of them are ours.
 *
 * Ours are in blocks between two comments. A line that continues after a backslash is one line (from
 * PostgreSQL 14 on, comments included), and its number is that of its beginning, as in
 * pg_hba_file_rules.
 */
#pragma once

#include "base/text.h"
#include "postgresql/major.h"

#define HBA_BEGIN "# BEGIN pgrepl"
#define HBA_END   "# END pgrepl"

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

/* The first line of the block that has a rule with this beginning; 0: none. */
size_t hba_block_of(const struct hba_file *file, const char *beginning);

/* Do our blocks let all roles into all databases? */
bool hba_has_applications(const struct hba_file *file);

/* The first rule for TCP that is not ours; 0: none. Enough of a place in the file of initdb. */
size_t hba_first_host(const struct hba_file *file);

bool hba_is_line(const struct hba_file *file, size_t number);

/*
 * The line that includes path, between the lines after and before (0: the end), both exclusive: the
 * one that names it or a folder above it, in relation to the folder of main_path; else the last that
 * includes anything; 0: none.
 */
size_t hba_include_of(const struct hba_file *file, size_t after, size_t before,
		      const char *main_path, const char *path);

/*
 * Adds the numbers of lines as an array of PostgreSQL: all of ours, and if quoting is true, those in
 * which a keyword is quoted and therefore a name, or may be, in a list from another file (@);
 * pg_hba_file_rules shows no difference.
 */
void hba_add_numbers(const struct hba_file *file, bool quoting, struct text *ret);
