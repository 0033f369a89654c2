#!/usr/bin/env bats
# A primary with tablespaces: cloned to where the ini says, or refused before a byte is copied.

load ../lib/pair

setup() {
	pair_open
	# shellcheck disable=SC2154 # set by the library
	"${as_server[@]}" mkdir "$PAIR/primary-space" "$PAIR/standby-space"
	start_primary
	sql primary "create tablespace fast location '$PAIR/primary-space'"
	sql primary "create table landmark tablespace fast as select i from generate_series(1, 50000) i"
}

ini_mapped() {
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/standby-space"
}

# has_the_tablespace: the standby reads it from its own folder, the primary from another.
has_the_tablespace() {
	equal "$(sql standby 'select count(*) from landmark')" 50000
	equal "$(sql standby "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'fast'")" "$PAIR/standby-space"
	[ -n "$(compgen -G "$PAIR/standby-space/PG_*")" ]
	equal "$(sql primary "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'fast'")" "$PAIR/primary-space"
}

no_rubbish() {
	find "$PAIR" -name '*pgrepl-staging*' -o -name '*.new' | lacks .
}

@test "a mapped tablespace is cloned to its target, and later writes to it are replayed there" {
	ini_mapped
	run -0 pgrepl standby setup
	contains '^ok +tablespaces +the primary has 1' <<<"$output"
	has_the_tablespace
	no_rubbish
	sql primary 'create table later tablespace fast as select 7 as seven'
	streams standby
	replicates primary standby
	equal "$(sql standby 'table later')" 7
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a tablespace that is not mapped is refused with 78 before a byte is copied" {
	local before
	ini standby
	before=$(listing "$PAIR/standby-space"; ls -A "$PAIR")
	run -78 pgrepl standby setup
	contains "error: the primary has a tablespace in \"$PAIR/primary-space\", but the ini does not say where" <<<"$output"
	contains "hint: Add \"$PAIR/primary-space=$PAIR/primary-space\".* to tablespace_mapping" <<<"$output"
	lacks 'base backup' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby-space"; ls -A "$PAIR")"
	run -78 pgrepl standby setup --dry-run
	contains '^refused +tablespaces' <<<"$output"
}

@test "a target that is not empty is refused with 78, and keeps its content" {
	local before
	ini_mapped
	"${as_server[@]}" touch "$PAIR/standby-space/somebody's"
	before=$(listing "$PAIR/standby-space"; ls -A "$PAIR")
	run -78 pgrepl standby setup
	contains "error: \"$PAIR/standby-space\", for the tablespace in \"$PAIR/primary-space\", is not empty" <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby-space"; ls -A "$PAIR")"
}

@test "a target that does not exist is created; if its parent does not exist either, it is refused" {
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/nowhere/space"
	run -78 pgrepl standby setup
	contains "error: could not write to \"$PAIR/nowhere\"" <<<"$output"
	"${as_server[@]}" rmdir "$PAIR/standby-space"
	ini_mapped
	run -0 pgrepl standby setup
	has_the_tablespace
}

# half_cloned: the tablespace has been copied.
half_cloned() {
	compgen -G "$PAIR/standby-space.pgrepl-staging/PG_*" && has_the_ballast
}

has_the_ballast() {
	[ -s "$PAIR/standby.pgrepl-staging/ballast" ]
}

@test "setup is killed during a clone: nothing is in place, and the next one succeeds" {
	local pids
	ini_mapped
	start_held_clone half_cloned
	# all processes at once, as in a power cut: a survivor would clean up
	mapfile -t pids < <(pgrep -f -- "$PAIR/standby")
	kill -STOP "${pids[@]}"
	kill -KILL "${pids[@]}"
	wait "$standby" || equal "$?" 137
	eventually no_clone_runs
	let_go
	[ -z "$(ls -A "$PAIR/standby-space")" ]
	[ ! -e "$PAIR/standby" ]
	[ -e "$PAIR/standby-space.pgrepl-staging" ]
	run -0 pgrepl standby setup
	has_the_tablespace
	no_rubbish
}

@test "pg_basebackup is killed during a clone: the same setup clones again" {
	ini_mapped
	start_held_clone half_cloned
	# shellcheck disable=SC2046 # there may be two
	kill -KILL $(pgrep -f -- "--pgdata=$PAIR/standby.pgrepl-staging")
	let_go
	wait "$standby"
	contains 'cloning again from' <"$PAIR/standby.out"
	has_the_tablespace
	no_rubbish
}

no_clone_runs() {
	run ! pgrep -af -- "$PAIR/standby"
}

# killed_at N: setup, killed at its worker's N-th rename.
killed_at() {
	"${as_server[@]}" timeout 600 strace -f -b execve -qq -o "$PAIR/strace" -e trace=rename,renameat,renameat2 \
		-e "inject=rename,renameat,renameat2:signal=KILL:when=$1" \
		"$(program_of standby)" --config "$PAIR/standby.ini" setup </dev/null >"$PAIR/standby.out" 2>&1 3>&- 4>&- || :
	[ -e "$PAIR/standby" ] || contains 'killed by SIGKILL' <"$PAIR/strace" >/dev/null
}

# is_half_in_place: the tablespace's link already leads to the target, but the clone is still in staging.
is_half_in_place() {
	[ "$(readlink "$PAIR"/standby.pgrepl-staging/pg_tblspc/*)" = "$PAIR/standby-space" ]
}

# bats test_tags=once
@test "a clone that is killed between any two renames is finished by the next setup" {
	need strace
	local at between=0
	ini_mapped
	# until the clone gets into place before the kill
	for at in 4 5 6 7 8 9 10 11 12 13 14; do
		# not one that goes on with a complete clone, which has fewer renames
		rm -f "$PAIR/standby.pgrepl-staging/pgrepl.clone"
		killed_at "$at"
		[ ! -e "$PAIR/standby" ] || break
		! is_half_in_place || between=$((between + 1))
		run -0 pgrepl standby setup --dry-run
		lacks '^refused' <<<"$output"
	done
	echo "the tablespace was in its place, or its link led there, $between times"
	[ "$between" -ge 2 ]
	run -0 pgrepl standby setup
	has_the_tablespace
	no_rubbish
	streams standby
}

# let_into_no_database: the role can replicate, and nothing else.
let_into_no_database() {
	sed -i '1i host all replica 0.0.0.0/0 reject' "$PAIR/primary/pg_hba.conf"
	equal "$(sql primary 'select pg_reload_conf()')" t
	refuses_the_role() {
		! env PGPASSFILE=/dev/null "$PG/bin/psql" -X -w -h 127.0.0.1 -p "$(port_of primary)" -U replica -d postgres -c '' \
			2>"$PAIR/said" && contains 'pg_hba.conf rejects' <"$PAIR/said"
	}
	eventually refuses_the_role
}

@test "a role that cannot connect to any database learns from the walsender where tablespaces are" {
	let_into_no_database
	ini standby
	run -78 pgrepl standby setup
	contains "error: the primary has a tablespace in \"$PAIR/primary-space\", but the ini does not say where" <<<"$output"
	lacks 'base backup' <<<"$output"
	ini_mapped
	run -0 pgrepl standby setup --dry-run
	contains '^would +tablespaces +ask the walsender, which costs the primary a checkpoint' <<<"$output"
	run -0 pgrepl standby setup
	contains '^changed +tablespaces +the primary has 1' <<<"$output"
	has_the_tablespace
	no_rubbish
}

@test "the walsender is asked as well if the role lacks CONNECT, or if there is no such database" {
	ini_mapped
	run -0 pgrepl standby setup --dry-run
	contains '^ok +tablespaces +the primary has 1' <<<"$output"
	sql primary 'revoke connect on database postgres from public'
	run -0 pgrepl standby setup --dry-run
	contains '^would +tablespaces +ask the walsender' <<<"$output"
	sql primary 'alter database postgres rename to other' -d template1
	run -0 pgrepl standby setup --dry-run
	contains '^would +tablespaces +ask the walsender' <<<"$output"
}

@test "setup waits for a walsender whose checkpoint does not finish as long as the ini says" {
	let_into_no_database
	ini_mapped
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/standby-space" standby.wait_timeout=2s
	hold_checkpoints
	run -75 pgrepl standby setup
	let_checkpoints_go
	contains 'error: .*did not answer a query within 2000 ms' <<<"$output"
	lacks 'base backup' <<<"$output"
}

@test "a target inside the data directory, or above it, is refused before a byte is copied" {
	local target
	for target in "$PAIR/standby/space" "$PAIR/standby" "$PAIR"; do
		ini standby standby.tablespace_mapping="$PAIR/primary-space=$target"
		run -78 pgrepl standby setup
		contains "error: \"$target\", for the tablespace in \"$PAIR/primary-space\", overlaps \"$PAIR/standby\"" <<<"$output"
		lacks 'base backup' <<<"$output"
	done
	# through a link, to a missing path
	as_server ln -s "$PAIR" "$PAIR/way"
	as_server mkdir -m 700 "$PAIR/standby"
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/way/standby/space"
	run -78 pgrepl standby setup
	contains "error: \"$PAIR/way/standby/space\", .* overlaps \"$PAIR/standby\"" <<<"$output"
	lacks 'base backup' <<<"$output"
}

@test "a target that is a link, or that a link makes the same as another one, is refused before a byte is copied" {
	as_server ln -s standby-space "$PAIR/link"
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/link"
	run -78 pgrepl standby setup
	contains "error: \"$PAIR/link\", for the tablespace in \"$PAIR/primary-space\", is a link" <<<"$output"
	contains 'hint: Name the directory that it points to' <<<"$output"
	lacks 'base backup' <<<"$output"
	as_server ln -s "$PAIR" "$PAIR/way"
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/standby-space, /srv/other=$PAIR/way/standby-space"
	run -78 pgrepl standby setup
	contains "error: \"$PAIR/standby-space\", .* overlaps \"$PAIR/way/standby-space\"" <<<"$output"
	lacks 'base backup' <<<"$output"
}

@test "files that appear in the data directory during a clone are not moved aside unless the ini says so" {
	local standby
	as_server mkdir -m 700 "$PAIR/standby"
	ini_mapped
	hold_checkpoints
	pgrepl_in_background standby setup
	standby=$!
	eventually sends_backups 1
	as_server touch "$PAIR/standby/mine"
	let_checkpoints_go
	wait "$standby" || equal "$?" 78
	cat "$PAIR/standby.out"
	contains "error: \"$PAIR/standby\" was free, but no longer is" <"$PAIR/standby.out"
	[ -e "$PAIR/standby/mine" ]
	[ -z "$(ls -A "$PAIR/standby-space")" ]
	# the clone is complete, and is not made a second time
	rm "$PAIR/standby/mine"
	run -0 pgrepl standby setup
	contains '^ok +base backup' <<<"$output"
	has_the_tablespace
	no_rubbish
}

@test "a target that is a mount point is refused before a byte is copied, and a folder below it is accepted" {
	[ "$(id -u)" = 0 ] || skip 'mounting needs root'
	local mounted=(unshare --mount sh -c 'mount -t tmpfs -o mode=1777 none "$0" && exec "$@"' "$PAIR/standby-space")
	ini_mapped
	run -78 "${mounted[@]}" "${as_server[@]}" "$(program_of standby)" --config "$PAIR/standby.ini" setup
	contains "error: \"$PAIR/standby-space\", for the tablespace in \"$PAIR/primary-space\", is a mount point" <<<"$output"
	contains "hint: Name a directory below it in tablespace_mapping, such as \"$PAIR/standby-space/tablespace\"" <<<"$output"
	lacks 'base backup' <<<"$output"
	ini standby standby.tablespace_mapping="$PAIR/primary-space=$PAIR/standby-space/tablespace"
	run -0 "${mounted[@]}" "${as_server[@]}" "$(program_of standby)" --config "$PAIR/standby.ini" setup --dry-run
	contains '^ok +tablespaces +the primary has 1' <<<"$output"
}
