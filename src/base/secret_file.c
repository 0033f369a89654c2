#include "base/secret_file.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int secret_file_access(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 022) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return SECRET_FILE_WRITE;
	return st.st_mode & 044 ? SECRET_FILE_READ : SECRET_FILE_NONE;
}

void secret_file_hint(struct fault *fault, const char *path)
{
	fault_hint(fault, "Run: chown root: %s && chmod 600 %s", path, path);
}

static int check_access(int fd, const char *path, struct fault *fault)
{
	int access = secret_file_access(fd);

	if (access < 0)
		return fault_errno(fault, FAULT_OPERATOR, access,
				   "could not look at \"%s\"", path);
	if (access == SECRET_FILE_WRITE) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" holds a password and others can write to it", path);
		secret_file_hint(fault, path);
		return -EPERM;
	}
	if (access == SECRET_FILE_READ) {
		log_warning("\"%s\" holds a password and others can read it", path);
		log_hint("Run: chmod 600 %s", path);
	}
	return 0;
}

static void drop_end(struct text *content, char last)
{
	if (content->len && content->s[content->len - 1] == last)
		text_shorten(content, content->len - 1);
}

/* Turns the content of a file into the password: no line break except at the end. */
static int take_line(const char *path, const char *key, struct text *content,
		     struct fault *fault)
{
	const char *what = NULL;

	drop_end(content, '\n');
	drop_end(content, '\r');
	if (content->len == 0)
		what = "is empty";
	else if (strlen(content->s) != content->len || strpbrk(content->s, "\r\n"))
		what = "has more than one line";
	if (what) {
		fault_set(fault, FAULT_OPERATOR, "the file \"%s\" of \"%s\" %s", path,
			  key, what);
		fault_hint(fault, "Put the password, and nothing else, on its first line.");
		return -EINVAL;
	}
	return 0;
}

static int unreadable(int r, const char *verb, const char *path, const char *key,
		      struct fault *fault)
{
	fault_errno(fault, FAULT_OPERATOR, r, "could not %s \"%s\" of \"%s\"", verb, path,
		    key);
	fault_hint(fault,
		   "It has to be a file with mode 0600 whose only line is the password, at most %d bytes long.",
		   SECRET_MAX);
	return r;
}

static int read_line(int fd, const char *path, const char *key, struct secret *ret,
		     struct fault *fault)
{
	SECRET_AUTO content = { { 0 } };
	int r = file_read_fd(fd, SECRET_MAX + 2, secret_text(&content));

	if (r < 0)
		return unreadable(r, "read", path, key, fault);
	r = take_line(path, key, secret_text(&content), fault);
	if (r == 0)
		secret_move(ret, &content);
	return r;
}

int secret_file_read(const char *path, const char *key, struct secret *ret, struct fault *fault)
{
	FD_AUTO fd = file_open(path);
	int r;

	if (fd < 0)
		return unreadable(fd, "open", path, key, fault);
	r = check_access(fd, path, fault);
	return r < 0 ? r : read_line(fd, path, key, ret, fault);
}
