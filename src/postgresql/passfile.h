/*
 * passfile.h - the password file that libpq reads (PostgreSQL manual, "The Password
 * File").
 */
#pragma once

#include "base/secret.h"

/*
 * The longest line that libpq 12 reads whole, its newline included: it has a buffer of
 * five times NAMEDATALEN (passwordFromFile in fe-connect.c); from 13 on there is no
 * limit.
 */
enum { PASSFILE_LINE_MAX = 5 * 64 - 1 };

/*
 * One line for any host, port and database (a replication connection asks for the
 * database "replication"), with : and \ escaped.
 */
void passfile_render(struct secret *ret, const char *user, const struct secret *password);
