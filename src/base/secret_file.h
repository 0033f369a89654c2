/*
 * secret_file.h - files that contain a password: who else has access, and reading them.
 */
#pragma once

#include "base/fault.h"
#include "base/secret.h"

/* The longest password that is accepted, in bytes. */
enum { SECRET_MAX = 1000 };

/* What users other than root and ourselves can do with a file. */
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
 * Reads the password that is the only line of a file, for the key of the ini that names
 * the file. Warns if others can read it, refuses it if they can write to it. 0, or a
 * negative errno and the fault.
 */
int secret_file_read(const char *path, const char *key, struct secret *ret,
		     struct fault *fault);
