#!/usr/bin/env bats
# A data folder that cannot be replaced, because its parent belongs to somebody else (or because it is
# a mount point: that needs a booted host). Its cluster is created inside it.
# bats file_tags=once

load ../lib/pair

setup() {
	pair_open
	# shellcheck disable=SC2154 # set by the library
	"${as_server[@]}" mkdir "$PAIR/disk"
}

teardown() {
	explain
	[ "$(id -u)" = 0 ] || chmod -R u+w "$PAIR/disk"
	pair_close
	remove_passfiles
}

# With no room beside the data, the password file is in the home of the server's user. Those of killed
# runs are removed as well.
remove_passfiles() {
	local file folder
	for file in "$(getent passwd "$("${as_server[@]}" id -u)" | cut -d: -f6)"/.pgrepl-*-pgrepl-pair.*.pgpass; do
		folder=pgrepl-pair.${file##*-pgrepl-pair.}
		folder=${folder%%-disk-*}
		# shellcheck disable=SC2154 # set by the library
		if [ -e "$file" ] && [ ! -d "${pair_homes[0]}/$folder" ] && [ ! -d "${pair_homes[1]}/$folder" ]; then
			rm -f "$file"
		fi
	done
}

# ini_inside NAME: data in $PAIR/NAME, a link to a folder whose parent is read-only.
ini_inside() {
	"${as_server[@]}" mkdir -p "$PAIR/disk/$1/data/lost+found"
	"${as_server[@]}" chmod 555 "$PAIR/disk/$1"
	[ "$(id -u)" != 0 ] || chown root: "$PAIR/disk/$1"
	ln -s "$PAIR/disk/$1/data" "$PAIR/$1"
	ini "$1"
}

# dies_at NAME N: setup, killed at its worker's N-th rename (strace detaches from what it executes).
dies_at() {
	"${as_server[@]}" timeout 600 strace -f -b execve -qq -o "$PAIR/strace" -e trace=rename,renameat,renameat2 \
		-e "inject=rename,renameat,renameat2:signal=KILL:when=$2" \
		"$(program_of "$1")" --config "$PAIR/$1.ini" setup </dev/null >"$PAIR/$1.out" 2>&1 3>&- 4>&- || :
	eventually no_process_of "$PAIR/disk/$1"
	contains '\+\+\+ killed by SIGKILL \+\+\+' <"$PAIR/strace" >/dev/null
}

# is_half_in_place NAME: some entries are where they belong, others not yet.
is_half_in_place() {
	[ ! -e "$PAIR/$1/PG_VERSION" ] && [ -n "$(compgen -G "$PAIR/$1/[a-z]*.conf")$(compgen -G "$PAIR/$1/pg_*")" ]
}

# no_rubbish_in NAME: pgrepl has left nothing but its settings.
no_rubbish_in() {
	find "$PAIR/$1/" -maxdepth 1 -name '.*' -mindepth 1 | lacks .
}

@test "a pair is set up in folders that contain lost+found and have read-only parents" {
	ini_inside primary
	run -0 pgrepl primary setup
	no_rubbish_in primary
	[ -d "$PAIR/primary/lost+found" ]
	ini_inside standby
	run -0 pgrepl standby setup
	no_rubbish_in standby
	[ -e "$PAIR/standby/standby.signal" ]
	equal "$(stat -c %a "$PAIR/standby/")" 700
	streams standby
	replicates primary standby
	listing "$PAIR/standby/" | lacks 'pgpass|password'
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a primary that is killed while its entries are moved into place is finished by the next setup" {
	need strace
	local at partial=0
	ini_inside primary
	for at in 8 20; do
		dies_at primary $at
		if is_half_in_place primary; then
			partial=$((partial + 1))
			run -0 pgrepl primary setup --dry-run
			contains '^would +(data directory|room for a [a-z]+) +finish' <<<"$output"
		fi
		run -0 pgrepl primary setup
		equal "$(sql primary 'select pg_is_in_recovery()')" f
		equal "$(sql primary "select count(*) from pg_roles where rolname = 'replica'")" 1
		no_rubbish_in primary
		stop primary
		"${as_server[@]}" find "$PAIR/primary/" -mindepth 1 -delete
	done
	echo "half in place: $partial times"
	[ "$partial" -ge 2 ]
}

@test "a standby that is killed while its entries are moved into place is finished by the next setup, without a second clone" {
	need strace
	local at partial=0
	start_primary
	sql primary "create table landmark as select 42 as answer"
	ini_inside standby
	for at in 12 24; do
		dies_at standby $at
		if is_half_in_place standby; then
			partial=$((partial + 1))
			run -0 pgrepl standby setup --dry-run
			contains '^would +room for a clone +finish' <<<"$output"
			run -0 pgrepl standby setup
			lacks 'base backup' <<<"$output"
		else
			run -0 pgrepl standby setup
		fi
		streams standby
		equal "$(sql standby 'table landmark')" 42
		no_rubbish_in standby
		stop standby
		"${as_server[@]}" find "$PAIR/standby/" -mindepth 1 -delete
	done
	echo "half in place: $partial times"
	[ "$partial" -ge 2 ]
}

@test "a setup that is killed again and again while it moves entries into place still succeeds in the end" {
	need strace
	local tries=0
	start_primary
	ini_inside standby
	dies_at standby 10
	while ! is_half_in_place standby; do
		dies_at standby $((10 + ++tries))
	done
	# from here on its first few renames put the next entries in place
	for tries in 3 2 1; do
		dies_at standby "$tries"
		is_half_in_place standby
	done
	run -0 pgrepl standby setup
	lacks 'base backup' <<<"$output"
	streams standby
	replicates primary standby
}

@test "an incomplete cluster that a killed run has left is not taken for a complete one, whatever is beside it" {
	ini_inside primary
	"${as_server[@]}" mkdir "$PAIR/primary/.pgrepl-staging"
	echo "$PGMAJOR" | "${as_server[@]}" tee "$PAIR/primary/.pgrepl-staging/PG_VERSION"
	echo mine | "${as_server[@]}" tee "$PAIR/primary/notes.txt"
	run -78 pgrepl primary setup
	contains 'error: .*holds something that is not a PostgreSQL cluster' <<<"$output"
	[ ! -e "$PAIR/primary/PG_VERSION" ]
	equal "$(cat "$PAIR/primary/notes.txt")" mine
}
