/*
 * secret_file.h - files with a password in them: who else can get at them, and what is in
 * them.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"

/* The longest password that is taken, in bytes. */
enum { SECRET_MAX = 1000 };

/* What somebody else than root and ourselves can do with a file. */
enum secret_file_access {
	SECRET_FILE_NONE,
	SECRET_FILE_READ,
	SECRET_FILE_WRITE, /* or it is somebody else's */
};

/* One of these, or a negative errno. */
int secret_file_access(int fd);

/* Adds the hint of a file that others can write. */
void secret_file_hint(struct fault *fault, const char *path);

/*
 * Takes the password that is the only line of a file, for the key of the ini that names
 * it. Warns of a file that others can read; refuses one that they can write.
 * 0, or a negative errno and the fault.
 */
int secret_file_read(const char *path, const char *key, struct secret *ret,
		     struct fault *fault);
