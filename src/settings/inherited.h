/*
 * inherited.h - the parameters of a primary's configuration that a clone must not simply
 * keep: each names a path, runs a command, loads code or steers recovery, and was meant
 * for another host.
 *
 * Sources: the chapter "Server Configuration" of the manuals of 12 to 18, and pg_settings,
 * against which tests/pair/inherited.bats compares the table. What a bad value does was
 * tried: most keep the server from starting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum inherited_rule {
	INHERITED_KEPT,  /* no harm on another host, or for the server itself to reject */
	INHERITED_OURS,  /* pgrepl.conf always sets it */
	INHERITED_TRIED, /* kept if this host can, else refused: see trial.h */
	INHERITED_NEUTRALISED, /* back to the server's default */
	INHERITED_REFUSED,     /* unless it has the default, or the ini sets it */
};

/* A neutralised parameter is left alone if its value is harmless here. */
enum inherited_unless {
	UNLESS_NOTHING = 0,
	UNLESS_PATH_INSIDE, /* a relative path: it is in the clone, or the server makes it */
	UNLESS_FILE_INSIDE,   /* a file that came with the clone */
	UNLESS_LOCALE_HERE,   /* a locale that this host has */
	UNLESS_WRITABLE_HERE, /* directories that the server can write to here as well */
};

struct inherited {
	const char *name;
	int first, last; /* majors that have it; 0: all from 12 on */
	enum inherited_rule rule;
	enum inherited_unless unless;
	/* the server's default; NULL if it cannot be written, or does not matter */
	const char *neutral;
	const char *why; /* refused: the end of "... is on in the primary's configuration: " */
};

extern const struct inherited inherited_parameters[];
extern const size_t inherited_parameters_count;

/* Its row, or NULL. Case does not matter. */
const struct inherited *inherited_find(const char *name);

/*
 * What has to happen to this value of the parameter, as found in a file of the data
 * directory; UNLESS_ conditions are looked at.
 */
enum inherited_rule inherited_judge(const struct inherited *row, const char *value,
				    const char *directory);
