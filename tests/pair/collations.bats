#!/usr/bin/env bats
# A clone's indexes are in the order of the primary's C library. Two definitions of a locale of one name,
# one per host, stand for C libraries that sort differently.

load ../lib/pair

setup() {
	need localedef
	[ "$(id -u)" = 0 ] || skip 'mounting needs root'
	pair_open
	# punctuation counts last, and by code points
	make_locale there en_US
	make_locale here C
}

# make_locale FOLDER SOURCE
make_locale() {
	as_server mkdir "$PAIR/$1"
	as_server localedef --no-archive -c -i "$2" -f UTF-8 "$PAIR/$1/yy_YY.UTF-8" 2>/dev/null || :
	[ -e "$PAIR/$1/yy_YY.UTF-8/LC_COLLATE" ]
	as_server cp -r /usr/lib/locale/C.utf8 "$PAIR/$1/"
}

# on_host FOLDER COMMAND...: setup of the standby, on a host with the locales in that folder.
on_host() {
	local folder=$1
	shift
	# shellcheck disable=SC2154 # set by the library
	unshare --mount sh -c 'mount --bind "$0" /usr/lib/locale && exec "$@"' "$PAIR/$folder" \
		"${as_server[@]}" "$(program_of standby)" --config "$PAIR/standby.ini" "$@"
}

# start_there [initdb argument]...: a primary that knows its yy_YY.UTF-8.
start_there() {
	as_server env -i LOCPATH="$PAIR/there" "$PG/bin/initdb" -D "$PAIR/primary" -A trust --no-sync --encoding=UTF8 "$@" >/dev/null
	printf '%s\n' "port = $(port_of primary)" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' \
		>>"$PAIR/primary/postgresql.conf"
	as_server env -i LOCPATH="$PAIR/there" "$PG/bin/pg_ctl" -s -D "$PAIR/primary" -l "$PAIR/primary.log" -w start 3>&- 4>&-
	sql primary "create role replica login replication password '$(<"$PAIR/password")'"
	ini standby common.tls=off
}

differs='warning: the C library of this host sorts by "yy_YY.UTF-8" in another order than the primary.s, in whose database "[a-z]+" it is used'

@test "a database that the primary sorts in another order than this host is reported, before the copy" {
	start_there --locale=yy_YY.UTF-8
	run -0 on_host here setup --dry-run
	contains "$differs" <<<"$output"
	contains 'hint: Use the same release of the operating system on both hosts' <<<"$output"
	# once, not for each database
	equal "$(grep -c 'warning:' <<<"$output")" 1
	# with the same C library there is nothing to say
	run -0 on_host there setup --dry-run
	lacks 'warning:' <<<"$output"
	contains '^ok +collations +2 of the C library compared' <<<"$output"
}

@test "so is an index, in any database that lets the role in; other uses of a collation do not matter" {
	start_there --locale=C
	sql primary 'create database app'
	sql primary "create collation \"odd \"\"name\" (locale = 'yy_YY.UTF-8')" -d app
	sql primary 'create table t (a text collate "odd ""name")' -d app
	run -0 on_host here setup --dry-run
	lacks 'warning:' <<<"$output"
	sql primary 'create index on t (a)' -d app
	run -0 pgrepl standby setup --dry-run
	contains 'warning: this host does not have the locale "yy_YY.UTF-8": indexes in the primary.s database "app"' <<<"$output"
	run -0 on_host here setup --dry-run
	contains "$differs" <<<"$output"
	contains 'whose database "app"' <<<"$output"
}

@test "a locale that this host does not have is reported; that of the database postgres is refused" {
	start_there --locale=C
	sql primary "create database app template template0 lc_collate 'yy_YY.UTF-8' lc_ctype 'yy_YY.UTF-8'"
	run -0 pgrepl standby setup
	contains 'warning: this host does not have the locale "yy_YY.UTF-8": connections to a clone of the primary.s database "app" will fail' <<<"$output"
	contains 'hint: Install it: "locale -a"' <<<"$output"
	streams standby
	run ! sql standby 'select 1' -d app
	stop standby
	stop primary
	rm -r "$PAIR/primary" "$PAIR/standby"
	start_there --locale=C --lc-ctype=yy_YY.UTF-8
	run -78 pgrepl standby setup
	contains '^refused +collations +this host does not have the locale "yy_YY.UTF-8", which the primary.s database "postgres" needs' <<<"$output"
	lacks 'base backup' <<<"$output"
}

@test "collations C and POSIX are not asked about" {
	start_primary
	ini standby
	run -0 pgrepl standby setup
	contains '^ok +collations +0 of the C library compared' <<<"$output"
}
