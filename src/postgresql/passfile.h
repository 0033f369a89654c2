/*
 * passfile.h - the password file that libpq reads (PostgreSQL manual, "The Password
 * File").
 */
#pragma once

#include "base/secret.h"

/*
 * The longest line that libpq 12 reads in full, newline included: its buffer is five
 * times NAMEDATALEN (passwordFromFile in fe-connect.c). From 13 on there is no limit.
 */
enum { PASSFILE_LINE_MAX = 5 * 64 - 1 };

/*
 * One line for any host, port and database (a replication connection asks for the
 * database "replication"), with : and \ escaped.
 */
void passfile_render(struct secret *ret, const char *user, const struct secret *password);
