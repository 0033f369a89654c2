/*
 * bus.h - properties of a unit as systemd has loaded it, through busctl(1). Unlike the lists of
 * "systemctl show", which systemd 219 prints without quotes, its output can be read back.
 */
#pragma once

#include "base/fault.h"

/*
 * Reads properties of a service, by their names, which end in NULL. *ret gets one line for each: its
 * type, then its value in words. Without a system bus the fault is FAULT_RETRY while that is not up
 * yet, and FAULT_OPERATOR if it never will be.
 */
int bus_service_get(const char *unit, const char *const *properties, struct text *ret,
		    struct fault *fault);

/*
 * Puts the next word of such a line into *ret, without its quotes and escapes, and moves *at
 * behind it: 1; 0 at the end of the line; -EINVAL for what busctl does not print.
 * ret->s is not NULL afterwards.
 */
int bus_word(const char **at, struct text *ret);

/* Moves *at behind count words: 0, or -EINVAL if the line has fewer. */
int bus_skip(const char **at, size_t count);
