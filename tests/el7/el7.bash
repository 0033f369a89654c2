# Shared by the tests for CentOS 7. CentOS 7 is rpm 4.11.3, systemd 219, glibc 2.17, gcc 4.8.5,
# iniparser 3.1 and libpq 12; facts/ lists what those versions know.
#
#   el7_programs        prints the folder of both programs, built for CentOS 7
#   objects_of BUILD [FOLDER]...   prints the objects of the existing sources, one per line
#   fails_with REGEX CMD...   CMD fails and prints REGEX
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

EL7=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$EL7/../.." && pwd)
EL7_BUILD=$TOP/build/el7
# shellcheck source=tests/lib/need.bash
. "$EL7/../lib/need.bash"
# shellcheck source=tests/lib/cache.bash
. "$EL7/../lib/cache.bash"

# shared NAME: where the dynamic linker finds it.
shared() {
	local found
	found=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }')
	[ -n "$found" ] || {
		printf '%s is not installed\n' "$1" >&2
		return 1
	}
	printf '%s\n' "$found"
}

# Headers: ours where CentOS 7's differ. Those of libpq and libsystemd are the ones installed here,
# kept apart from all others, since only they may come from this machine.
el7_headers() {
	local headers=$EL7_BUILD/include pq
	pq=$("${PG_CONFIG:-pg_config}" --includedir)
	mkdir -p "$headers/systemd"
	cp -u "$pq"/{libpq-fe,postgres_ext,pg_config_ext}.h "$headers/"
	cp -u /usr/include/systemd/{sd-daemon,sd-login,_sd-common}.h "$headers/systemd/"
	cp -u "$EL7"/include/*.h "$headers/"
}

# el7_libraries POSTGRESQL: the libraries to link to, by the names that CentOS 7 gives them.
el7_libraries() {
	local libraries=$EL7_BUILD/lib
	mkdir -p "$libraries" "$EL7_BUILD/programs"
	ln -sfn "$1/lib/libpq.so.5" "$libraries/libpq.so"
	ln -sfn "$(shared libsystemd.so.0)" "$libraries/libsystemd.so"
	if [ ! "$libraries/libiniparser.so" -nt "$EL7/iniparser31.c" ]; then
		"$EL7/../lib/zig-cc" -std=gnu99 -Wall -Wextra -Werror -O1 -g -fPIC -shared \
			-I"$EL7/include" -Wl,-soname,libiniparser.so.0 \
			-o "$libraries/libiniparser.so" "$EL7/iniparser31.c"
	fi
	cp -u "$libraries/libiniparser.so" "$EL7_BUILD/programs/libiniparser.so.0"
	if [ ! "$libraries/nonshared.o" -nt "$EL7/nonshared.c" ]; then
		"$EL7/../lib/zig-cc" -std=gnu99 -Wall -Wextra -Werror -O1 -g -c \
			-o "$libraries/nonshared.o" "$EL7/nonshared.c"
	fi
}

# By the rules of the Makefile, with another compiler. They find iniparser beside themselves or, the
# unit programs, one folder up, and libpq 12 where PostgreSQL is.
el7_make() { # POSTGRESQL MAKEFILE TARGET
	# shellcheck disable=SC2016 # $ORIGIN is for the dynamic linker, $$ for make
	make --no-print-directory -s -C "$TOP" -j"$(nproc)" -f "$2" BUILD=build/el7/programs \
		CC="$EL7/../lib/zig-cc" CFLAGS='-O2 -g' WARNINGS='-Wall -Wextra -Werror' \
		PQ_INCLUDE=build/el7/include PQ_LIBDIR=build/el7/lib \
		LDFLAGS='build/el7/lib/nonshared.o -Wl,--allow-shlib-undefined -Wl,-rpath,'"'"'$$ORIGIN:$$ORIGIN/..'"'"' -Wl,-rpath,'"$1/lib" \
		"$3"
}

# el7_build FOLDER KEY POSTGRESQL: builds everything where it was built before, so that make has
# less to do, and puts a copy into the folder.
el7_build() {
	rm -f "$EL7_BUILD/key"
	el7_headers
	el7_libraries "$3"
	el7_make "$3" Makefile all
	el7_make "$3" tests/unit/programs.mk unit-programs
	el7_make "$3" tests/el7/readers.mk readers
	printf '%s\n' "$2" >"$EL7_BUILD/key"
	cp -a --reflink=auto "$EL7_BUILD/." "$1"
}

# el7_key POSTGRESQL: a key for everything they are built from.
el7_key() {
	local files
	cd "$TOP" || return
	mapfile -t files < <(find src firstboot tests/unit tests/el7 -name '*.[ch]' -o -name '*.mk' | sort)
	cache_key "${files[@]}" Makefile SPECS/pgrepl.spec tests/el7/el7.bash tests/lib/zig-cc \
		/usr/include/systemd/{sd-daemon,sd-login}.h "$("${PG_CONFIG:-pg_config}" --includedir)/libpq-fe.h" -- "$1" "${files[@]}"
}

# el7_is_built KEY: scripts/check removes only the programs.
el7_is_built() {
	[ -x "$EL7_BUILD/programs/pgrepl-primary" ] && [ -x "$EL7_BUILD/programs/pgrepl-standby" ] &&
		[ "$(cat "$EL7_BUILD/key" 2>/dev/null)" = "$1" ]
}

# el7_programs: builds both programs for CentOS 7, with tests/unit and the readers of ini.bats, and
# prints their folder. It builds the same sources only once.
el7_programs() {
	local pg key made
	pg=$("$EL7/../lib/postgresql-tree" 12) || return
	key=$(el7_key "$pg") || return
	if ! el7_is_built "$key"; then
		# not "|| return": set -e would not apply inside it
		made=$(cache_path el7 "$key" el7_build "$key" "$pg")
		[ -n "$made" ] || return
		if ! el7_is_built "$key"; then
			rm -rf "$EL7_BUILD"
			mkdir -p "$TOP/build"
			cp -a --reflink=auto "$made" "$EL7_BUILD"
		fi
	fi
	printf '%s\n' "$EL7_BUILD/programs"
}

# Objects left over from deleted sources are not among them.
objects_of() {
	local build=$1 source
	shift
	for source in $(cd "$TOP" && find "${@:-src}" -name '*.c' | sort); do
		printf '%s/%s.o\n' "$build" "${source%.c}"
	done
}

fails_with() {
	local regex=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	if [ "$status" = 0 ] || ! grep -qE -- "$regex" <<<"$said"; then
		printf 'expected a failure that prints: %s\nexit code %s, and:\n%s\n' "$regex" "$status" "$said"
		return 1
	fi
}
