# Things that take long to build are built once: cache_path NAME KEY MAKER [ARGUMENT...]
#
# The KEY covers everything that the thing is built from, so any change gives a new one. MAKER is called
# with an empty folder to fill, and its arguments. The folder gets its final name only when the maker
# has succeeded, so what a killed maker left is never mistaken for a result; a lock keeps two from
# building the same thing at once. Prints the path; the maker's output goes to stderr.
# shellcheck shell=bash

cache_root() {
	if [ -n "${PGREPL_CACHE:-}" ]; then
		printf '%s\n' "$PGREPL_CACHE"
	elif [ "$(id -u)" = 0 ]; then
		printf '/var/cache/pgrepl\n'
	else
		printf '%s/pgrepl\n' "${XDG_CACHE_HOME:-$HOME/.cache}"
	fi
}

# A short hash of the contents of files and of words: cache_key FILE... [-- WORD...]
cache_key() {
	{
		while [ $# -gt 0 ] && [ "$1" != -- ]; do
			cat -- "$1"
			shift
		done
		printf '%s\n' "$@"
	} | sha256sum | cut -c1-16
}

cache_path() (
	set -euo pipefail
	name=$1 key=$2
	shift 2
	root=$(cache_root)
	made=$root/$name-$key
	if [ -d "$made" ]; then
		touch -c "$made" 2>/dev/null || true
		printf '%s\n' "$made"
		exit 0
	fi
	mkdir -p "$root"
	exec {lock}>"$root/$name.lock"
	flock "$lock"
	if [ ! -d "$made" ]; then
		rm -rf --one-file-system "$root/$name".partial
		mkdir "$root/$name".partial
		"$1" "$root/$name".partial "${@:2}" >&2 {lock}>&-
		chmod 755 "$root/$name".partial
		mv -T "$root/$name".partial "$made"
		# and remove what nobody has used in a month
		find "$root" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf --one-file-system {} +
	fi
	printf '%s\n' "$made"
)
