/*
 * tablespace.h - the directories outside PGDATA that belong to a clone.
 *
 * A standby keeps each tablespace of its primary in the directory that the ini maps it
 * to. Like PGDATA, it is filled in a staging sibling and renamed when the clone is
 * complete: pg_basebackup gets the staging directories, and then the links in pg_tblspc
 * are changed to the final ones.
 */
#pragma once

#include "base/fault.h"

/* What follows the name of a directory in the name of its staging sibling. */
#define TABLESPACE_STAGING_SUFFIX ".pgrepl-staging"

/* Pairs of directories, as "/srv/fast=/data/fast". All zero is the empty list. */
struct tablespace_map {
	struct tablespace_pair {
		char *from; /* on the primary */
		char *to;   /* here */
		char *staging;
		char *option; /* of pg_basebackup: from goes to staging */
	} * pairs;
	size_t count;
};

void tablespace_map_free(struct tablespace_map *map);

/*
 * Adds the pairs of a comma-separated list. Returns 0, or -EINVAL and the offending item
 * in *ret_wrong, which the caller frees: it is not a pair of absolute paths, names a
 * directory of the primary twice, or one on this host that overlaps another.
 */
int tablespace_map_parse(struct tablespace_map *map, const char *list, char **ret_wrong);

/* The pair for a directory of the primary, or NULL. */
const struct tablespace_pair *tablespace_map_find(const struct tablespace_map *map,
						  const char *from);

/*
 * Can pair->to, of the map, become a tablespace? It has to be absent or empty, on the
 * file system of its staging sibling, and apart from the others and from the data
 * directory (whose path has no links).
 */
int tablespace_check_room(const struct tablespace_map *map,
			  const struct tablespace_pair *pair, const char *data_directory,
			  struct fault *fault);

/*
 * Has an interrupted run left something in a staging directory? The second removes it,
 * and what links in staging point to.
 */
bool tablespace_has_leftover(const struct tablespace_map *map);
int tablespace_clear(const struct tablespace_map *map, const char *cluster_staging);

/*
 * What a link in staging leads to that is not a staging directory of the map, as it is now;
 * or NULL. The caller frees it.
 */
char *tablespace_find_unmapped(const struct tablespace_map *map, const char *cluster_staging);

/* Makes the staged ones final. Crash-safe: tablespace_clear() undoes a part of it. */
int tablespace_place(const struct tablespace_map *map, const char *cluster_staging);
