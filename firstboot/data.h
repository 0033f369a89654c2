/*
 * data.h - the steps about PGDATA: whose it is, what is in it, and what comes there.
 */
#ifndef PGREPL_DATA_H
#define PGREPL_DATA_H

#include "host.h"
#include "step.h"

/* Everything in PGDATA belongs to the server's user (S5). */
step_check ownership_check;
step_apply ownership_apply;

/* PGDATA is free for a new cluster, or holds one that this role can adopt. */
step_check data_check;
step_apply data_apply;
/*
 * The same look where a later step does what is needed: says no only to what nobody can
 * mend.
 */
step_check data_look;

/* The cluster in staging is PGDATA. */
step_check place_check;
step_apply place_apply;

#endif
