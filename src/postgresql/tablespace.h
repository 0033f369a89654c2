/*
 * tablespace.h - the directories outside of PGDATA that a clone brings along.
 *
 * A standby keeps each of its primary's tablespaces in a directory that the ini maps it
 * to. Like PGDATA it is made in a staging sibling and renamed when the clone is whole:
 * pg_basebackup is told the staging directories, and the links below pg_tblspc are turned
 * to the final ones.
 */
#ifndef PGREPL_TABLESPACE_H
#define PGREPL_TABLESPACE_H

#include "base/fault.h"

/* Pairs of directories, as "/srv/fast=/data/fast". All zero is the empty list. */
struct tablespace_map {
	struct tablespace_pair {
		char *from; /* on the primary */
		char *to;   /* here */
		char *staging;
	} * pairs;
	size_t count;
};

void tablespace_map_free(struct tablespace_map *map);

/*
 * Adds the pairs of a list separated by commas. Returns 0, or -EINVAL with *ret_wrong
 * (caller frees) naming the item that is no pair of absolute paths, or has a directory
 * that another one has: on the primary the same, here the same or one in the other.
 */
int tablespace_map_parse(struct tablespace_map *map, const char *list, char **ret_wrong);

/* The pair for a directory of the primary, or NULL. */
const struct tablespace_pair *tablespace_map_find(const struct tablespace_map *map,
						  const char *from);

/*
 * Can pair->to, of the map, become a tablespace: absent or an empty directory, with
 * staging beside it, and apart from the others and from the data directory (which has no
 * links in it).
 */
int tablespace_check_room(const struct tablespace_map *map,
			  const struct tablespace_pair *pair, const char *data_directory,
			  struct fault *fault);

/* Adds pg_basebackup's option for a pair, "=" in the paths escaped. */
void tablespace_add_option(struct text *ret, const struct tablespace_pair *pair);

/*
 * Is something left in a staging directory? Removes it, and what links below staging lead
 * to.
 */
bool tablespace_has_leftover(const struct tablespace_map *map);
int tablespace_clear(const struct tablespace_map *map, const char *cluster_staging);

/*
 * Makes the staged ones final. Crash-safe: tablespace_clear() undoes what was done of it.
 */
int tablespace_place(const struct tablespace_map *map, const char *cluster_staging);

#endif
