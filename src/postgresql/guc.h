/*
 * guc.h - values of parameters, compared as the server compares them (manual, "Parameter
 * Names and Values").
 */
#pragma once

#include <stdbool.h>

/* A word that a parameter accepts, and how much it promises; a list ends in NULL. */
struct guc_rank {
	const char *word;
	int rank;
};

extern const struct guc_rank guc_wal_levels[]; /* minimal < replica < logical */
extern const struct guc_rank guc_switch[];     /* off < on */

/*
 * How much a value is: the rank of a word, or, with ranks NULL, a number. One with a unit of
 * memory is in bytes, one without counts unit (bytes; 1 for what has none). False if it is
 * neither: the server will say what is wrong with it.
 */
bool guc_measure(const char *value, const struct guc_rank *ranks, double unit, double *ret);
