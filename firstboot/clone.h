/*
 * clone.h - the steps that bring the upstream's data here (S2): the password file that
 * pg_basebackup and the walreceiver read, and the base backup into staging.
 */
#pragma once

#include "host.h"
#include "step.h"

step_check passfile_check;
step_apply passfile_apply;

step_check clone_check;
step_apply clone_apply;
