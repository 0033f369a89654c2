#include "postgresql/tablespace.h"

#include "base/file.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tablespace_map_free(struct tablespace_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		text_drop(&map->pairs[i].from);
		text_drop(&map->pairs[i].to);
		text_drop(&map->pairs[i].staging);
		text_drop(&map->pairs[i].option);
	}
	free(map->pairs);
	map->pairs = NULL;
	map->count = 0;
}

static char *path_of(char *s)
{
	char *path = text_trim(s);
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	/* links are compared as text, and pg_basebackup would normalise such a path */
	if (strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../") ||
	    (len > 1 && text_equal(path + len - 2, "/.")) ||
	    (len > 2 && text_equal(path + len - 3, "/..")))
		return NULL;
	return *path == '/' && len > 1 ? path : NULL;
}

static bool is_taken(const struct tablespace_map *map, const char *to)
{
	for (size_t i = 0; i < map->count; i++)
		if (file_paths_overlap(map->pairs[i].to, to))
			return true;
	return false;
}

/* With "=" in the paths escaped. */
static char *option_of(const char *from, const char *staging)
{
	const char *const paths[] = { from, staging };
	struct text option = { 0 };

	text_add(&option, "--tablespace-mapping");
	for (size_t i = 0; i < 2; i++) {
		text_add(&option, "=");
		for (const char *c = paths[i]; *c; c++)
			text_addf(&option, "%s%c", *c == '=' ? "\\" : "", *c);
	}
	return option.s;
}

int tablespace_map_parse(struct tablespace_map *map, const char *list, char **ret_wrong)
{
	STRING_AUTO copy = text_copy(list);
	char *rest = copy, *item;

	while ((item = strtok_r(rest, ",", &rest))) {
		STRING_AUTO original = text_copy(text_trim(item));
		char *equal = strchr(item, '='), *from, *to, *staging;

		if (equal)
			*equal++ = '\0';
		from = path_of(item);
		to = equal ? path_of(equal) : NULL;
		if (!from || !to || tablespace_map_find(map, from) || is_taken(map, to)) {
			*ret_wrong = original;
			original = NULL;
			return -EINVAL;
		}
		map->pairs = mem_resize(map->pairs, (map->count + 1) * sizeof(*map->pairs));
		staging = text_format("%s" TABLESPACE_STAGING_SUFFIX, to);
		map->pairs[map->count++] = (struct tablespace_pair){
			.from = text_copy(from),
			.to = text_copy(to),
			.staging = staging,
			.option = option_of(from, staging),
		};
	}
	return 0;
}

const struct tablespace_pair *tablespace_map_find(const struct tablespace_map *map,
						  const char *from)
{
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->pairs[i].from, from))
			return &map->pairs[i];
	return NULL;
}

static int apart_fault(const struct tablespace_pair *pair, const char *other,
		       struct fault *fault)
{
	fault_set(fault, FAULT_OPERATOR,
		  "\"%s\", for the tablespace in \"%s\", overlaps \"%s\"", pair->to,
		  pair->from, other);
	return fault_hint(fault, "Name another directory in tablespace_mapping.");
}

/* Is it apart from the data directory and from the others, with links resolved? */
static int check_apart(const struct tablespace_map *map, const struct tablespace_pair *pair,
		       const char *data_directory, struct fault *fault)
{
	STRING_AUTO real = file_real_path(pair->to);

	if (file_paths_overlap(real ? real : pair->to, data_directory))
		return apart_fault(pair, data_directory, fault);
	/* as written, they are known to be apart */
	for (size_t i = 0; real && i < map->count; i++) {
		STRING_AUTO other = file_real_path(map->pairs[i].to);

		if (&map->pairs[i] != pair && other && file_paths_overlap(real, other))
			return apart_fault(pair, map->pairs[i].to, fault);
	}
	return 0;
}

/* Neither a mount point nor a link can be replaced by a rename. */
static int check_kind(const struct tablespace_pair *pair, struct fault *fault)
{
	STRING_AUTO real = file_real_path(pair->to);
	struct stat st;

	if (lstat(pair->to, &st) == 0 && S_ISLNK(st.st_mode)) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\", for the tablespace in \"%s\", is a link", pair->to,
			  pair->from);
		return fault_hint(fault,
				  "Name the directory that it points to in tablespace_mapping.");
	}
	if (real && file_is_mount_point(real)) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\", for the tablespace in \"%s\", is a mount point",
			  pair->to, pair->from);
		return fault_hint(fault,
				  "Name a directory below it in tablespace_mapping, such as \"%s/tablespace\".",
				  pair->to);
	}
	return 0;
}

int tablespace_check_room(const struct tablespace_map *map,
			  const struct tablespace_pair *pair, const char *data_directory,
			  struct fault *fault)
{
	STRING_AUTO copy = text_copy(pair->to);
	const char *parent = dirname(copy);
	int r = check_kind(pair, fault);

	if (r == 0)
		r = check_apart(map, pair, data_directory, fault);
	if (r < 0)
		return r;
	r = file_is_empty(pair->to, NULL);
	if (r < 0 && r != -ENOENT)
		return fault_errno(fault, FAULT_OPERATOR, r, "could not read \"%s\"",
				   pair->to);
	if (r == 0) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\", for the tablespace in \"%s\", is not empty", pair->to,
			  pair->from);
		return fault_hint(fault,
				  "Nothing in it was changed. Empty it, or name another directory in tablespace_mapping.");
	}
	if (access(parent, W_OK) < 0) {
		fault_errno(fault, FAULT_OPERATOR, -errno, "could not write to \"%s\"",
			    parent);
		return fault_hint(fault,
				  "Create it, owned by the server's user: the tablespace is made beside \"%s\" first.",
				  pair->to);
	}
	return 0;
}

bool tablespace_has_leftover(const struct tablespace_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (file_exists(map->pairs[i].staging))
			return true;
	return false;
}

/* Where a link points to; "" if it is none. */
static void read_link(const char *link, char ret[PATH_MAX])
{
	ssize_t len = readlink(link, ret, PATH_MAX - 1);

	ret[len < 0 ? 0 : len] = '\0';
}

/* Does a link in pg_tblspc of staging point to path? *ret_link is the link's path. */
static bool find_link(const char *cluster_staging, const char *path, char **ret_link)
{
	STRING_AUTO folder = text_format("%s/pg_tblspc", cluster_staging);
	DIR_AUTO dir = opendir(folder);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = file_next(dir))) {
		STRING_AUTO link = text_format("%s/%s", folder, entry->d_name);
		char target[PATH_MAX];

		read_link(link, target);
		found = text_equal(target, path);
		if (found) {
			*ret_link = link;
			link = NULL;
		}
	}
	return found;
}

static bool is_staging_of(const struct tablespace_map *map, const char *path)
{
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->pairs[i].staging, path))
			return true;
	return false;
}

char *tablespace_find_unmapped(const struct tablespace_map *map, const char *cluster_staging)
{
	STRING_AUTO folder = text_format("%s/pg_tblspc", cluster_staging);
	DIR_AUTO dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = file_next(dir))) {
		STRING_AUTO link = text_format("%s/%s", folder, entry->d_name);
		char target[PATH_MAX];

		read_link(link, target);
		if (!is_staging_of(map, target) || !file_exists(target))
			return text_copy(target);
	}
	return NULL;
}

/* Removes what servers of any major create in a tablespace, and nothing else. */
static int clear_server_directories(const char *path)
{
	DIR_AUTO dir = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = file_next(dir))) {
		STRING_AUTO child = text_format("%s/%s", path, entry->d_name);

		if (text_starts_with(entry->d_name, "PG_"))
			r = file_remove_tree(child);
	}
	return r;
}

int tablespace_clear(const struct tablespace_map *map, const char *cluster_staging)
{
	for (size_t i = 0; i < map->count; i++) {
		STRING_AUTO link = NULL;
		int r = file_remove_tree(map->pairs[i].staging);

		/* between the renames, the link in staging says that it is ours */
		if (r == 0 && find_link(cluster_staging, map->pairs[i].to, &link))
			r = clear_server_directories(map->pairs[i].to);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The link first: as long as it is in staging, what it points to is ours to clear. */
static int place_one(const struct tablespace_pair *pair, const char *link)
{
	STRING_AUTO new_link = text_format("%s.new", link);

	if (symlink(pair->to, new_link) < 0 || rename(new_link, link) < 0)
		return -errno;
	if (file_sync_parent(link) < 0 || rename(pair->staging, pair->to) < 0)
		return -errno;
	return file_sync_parent(pair->to);
}

int tablespace_place(const struct tablespace_map *map, const char *cluster_staging)
{
	for (size_t i = 0; i < map->count; i++) {
		STRING_AUTO link = NULL;
		int r;

		if (!find_link(cluster_staging, map->pairs[i].staging, &link)) {
			/* mapped, but the primary has no such tablespace */
			if (!file_exists(map->pairs[i].staging))
				continue;
			return -ENOLINK;
		}
		r = place_one(&map->pairs[i], link);
		if (r < 0)
			return r;
	}
	return 0;
}
