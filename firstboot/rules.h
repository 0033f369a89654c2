/* rules.h - the steps about pg_hba.conf: the block that lets standbys in (P9). */
#pragma once

#include "host.h"
#include "step.h"

/* The block is in the file. */
step_check rules_file_check;
step_apply rules_file_apply;

/* The block is in the file, and the running server has read it. */
step_check rules_check;
step_apply rules_apply;
