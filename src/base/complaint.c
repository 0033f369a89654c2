#include "base/complaint.h"

#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 400 };

/* What clients are told while a server stops or starts. */
static bool is_about_a_connection(const char *line)
{
	return strstr(line, "terminating connection") ||
	       strstr(line, "the database system is ");
}

const char *complaint_fatal(const char *line)
{
	const char *fatal = strstr(line, "FATAL"), *panic = strstr(line, "PANIC");
	const char *from = fatal ? fatal : panic;

	return from && !is_about_a_connection(from) ? from : NULL;
}

bool complaint_find(const char *log, complaint_test *test, struct text *ret)
{
	bool found = false;

	while (*log) {
		STRING_AUTO line = text_format("%.*s", (int)strcspn(log, "\n"), log);
		const char *from = test(line);

		if (from) {
			text_reset(ret);
			text_add_shown(ret, from, strlen(from), SHOWN_MAX);
			found = true;
		}
		log += strcspn(log, "\n");
		log += *log == '\n';
	}
	return found;
}

bool complaint_find_in(const char *path, long long offset, complaint_test *test,
		       struct text *ret)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	TEXT_AUTO log = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	/* it was truncated: all of it is new */
	if (offset > st.st_size)
		offset = 0;
	if (st.st_size - offset > COMPLAINT_LOG_MAX)
		offset = st.st_size - COMPLAINT_LOG_MAX;
	return lseek(fd, (off_t)offset, SEEK_SET) >= 0 &&
	       file_read_fd(fd, 2 * COMPLAINT_LOG_MAX, &log) == 0 &&
	       complaint_find(text_str(&log), test, ret);
}
