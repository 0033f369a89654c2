/*
 * own_directory.h - the steps that keep a server from being started on another cluster: its
 * configuration may name a data_directory, and PGDATA is then only where that is read.
 */
#pragma once

#include "host.h"
#include "step.h"

/* The configuration of a cluster in place names PGDATA itself, if any. */
step_check own_directory_check;

/* The same of a staged one: itself, or the PGDATA that it will become. */
step_check staged_directory_check;
