#include "postgresql/basebackup.h"

#include "postgresql/errors.h"

#include <string.h>

/* What does not pass, and what to do about it there and here. NULL: it does not happen there. */
static const struct {
	const char *text;
	const char *there, *here;
} complaints[] = {
	{ .text = "Permission denied",
	  .there = "It is on the primary, in its data directory or in a tablespace: give it to the user that the server runs as there, or move it elsewhere; then run setup again here.",
	  .here = "It is on this host: the server's user has to be able to create and write it." },
	{ .text = "No space left on device",
	  .there = "It is on the primary: free some space there, then run setup again here.",
	  .here = "It is on this host: free some space, or set data_directory or tablespace_mapping to a larger file system." },
	{ .text = "Disk quota exceeded",
	  .there = "It is on the primary: raise the quota of the server's user there, then run setup again here.",
	  .here = "It is on this host: raise the quota of the server's user." },
	{ .text = "Read-only file system",
	  .there = "It is on the primary: look at the kernel's log there.",
	  .here = "It is on this host: if it was not mounted so, look at the kernel's log." },
	{ .text = "Input/output error",
	  .there = "It is on the primary: look at the kernel's log there, and check its disk.",
	  .here = "It is on this host: look at the kernel's log, and check the disk." },
	{ .text = "checksum error occurred",
	  .here = "Pages on the primary have wrong checksums: its log names the files. Check its disk and memory, and its backups." },
	{ .text = "not empty", .here = "Somebody else writes there: look at what it is." },
	{ .text = "File exists", .here = "Somebody else writes there: look at what it is." },
	{ .text = "unrecognized option", .here = "Check bin_directory in section [common]." },
	{ .text = "invalid option", .here = "Check bin_directory in section [common]." },
	{ .text = "incompatible server version",
	  .here = "Install PostgreSQL of the primary's major version on this host, and set bin_directory in section [common] to it." },
};

/* What a server reported, in a message of libpq; NULL if it comes from the program itself. */
static const char *reported(const char *complaint)
{
	static const char *const marks[] = { "ERROR:  ", "FATAL:  ", "PANIC:  " };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *found = strstr(complaint, marks[i]);

		if (found)
			return found + strlen(marks[i]);
	}
	return NULL;
}

void basebackup_fault(const char *complaint, const char *primary, struct fault *fault)
{
	const char *there = reported(complaint);
	const struct error_rule *rule;

	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		const char *hint = there ? complaints[i].there : complaints[i].here;

		if (!hint || !strstr(complaint, complaints[i].text))
			continue;
		if (there)
			fault_set(fault, FAULT_OPERATOR, "the primary %s reported: %s",
				  primary, there);
		else
			fault_set(fault, FAULT_OPERATOR, "%s", complaint);
		fault_hint(fault, "%s", hint);
		return;
	}
	rule = error_find("", "", complaint);
	fault_set(fault, rule->class, "%s",
		  *complaint ? complaint : "pg_basebackup failed without saying why");
	if (rule->hint && rule->class == FAULT_OPERATOR)
		fault_hint(fault, "%s", rule->hint);
}
