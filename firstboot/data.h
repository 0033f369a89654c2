/*
 * data.h - the steps about PGDATA: who owns it, what is in it, and putting a cluster
 * there.
 */
#pragma once

#include "host.h"
#include "step.h"

/* Everything in PGDATA belongs to the server's user (S5). */
step_check ownership_check;
step_apply ownership_apply;

/* PGDATA is free for a new cluster, or holds one that this role can adopt. */
step_check data_check;
step_apply data_apply;
/* The same check ahead of time: refuses what no later step can put right. */
step_check data_look;

/*
 * What the ini says about the creation of a cluster is true of this one. It cannot be changed
 * any more: a difference is a warning.
 */
step_check created_check;

/* The cluster from staging has become PGDATA. */
step_check place_check;
step_apply place_apply;
