/* rules.h - the steps about pg_hba.conf: the rules that let standbys in (P9). */
#pragma once

#include "host.h"
#include "step.h"

/*
 * The file of a running server has no error: with one, the server would ignore it, and not start
 * again.
 */
step_check rules_valid_check;

/* The rules are in the file of a new cluster, before its first rule for TCP. */
step_check rules_file_check;
step_apply rules_file_apply;

/*
 * The rules are in the file where they match and override nobody else's, and the running server
 * has read it. It has to read all other rules as before, else the file is put back.
 */
step_check rules_check;
step_apply rules_apply;
