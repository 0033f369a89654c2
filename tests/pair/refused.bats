#!/usr/bin/env bats
# What setup must not touch when it finds it, and what it may.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

# make_foreign NAME: a folder that is not a cluster.
make_foreign() {
	as_server mkdir -p "$PAIR/$1/photos"
	echo 'a cat' >"$PAIR/$1/photos/cat.txt"
	ln -s photos/cat.txt "$PAIR/$1/link"
	[ "$(id -u)" != 0 ] || chown -Rh postgres: "$PAIR/$1"
}

# refuses NAME REGEX: with 78 and a hint, and the disk is unchanged.
refuses() {
	local before
	before=$(listing)
	run -78 pgrepl "$1" setup
	contains "error: .*$2" <<<"$output"
	contains 'hint: ' <<<"$output"
	unchanged "$before" "$(listing)"
}

@test "a data folder with foreign content is refused with 78 and left untouched" {
	ini primary
	make_foreign primary
	refuses primary 'holds something that is not a PostgreSQL cluster'
}

@test "a standby refuses foreign content before it connects to the primary" {
	ini standby
	make_foreign standby
	refuses standby 'holds something that is not a PostgreSQL cluster'
}

@test "existing_data = move_aside keeps the old data under a name with the time in it" {
	local before
	ini primary common.existing_data=move_aside
	make_foreign primary
	before=$(cd "$PAIR/primary" && find . -type f -exec sha256sum {} + -o -printf '%p %y %l %i\n' | sort)
	run -0 pgrepl primary setup
	contains "warning: what was in \"$PAIR/primary\" is now in \"$PAIR/primary.pgrepl-old-[0-9]{8}T[0-9]{6}Z\"" <<<"$output"
	equal "$(sql primary 'select 1')" 1
	unchanged "$before" "$(cd "$PAIR"/primary.pgrepl-old-*Z && find . -type f -exec sha256sum {} + -o -printf '%p %y %l %i\n' | sort)"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "a standby moves an old primary's data aside only when the ini says so, and follows the new primary" {
	start_primary
	start_other_primary primary-other
	stop primary-other
	ini standby common.data_directory="$PAIR/primary-other" standby.port="$(port_of primary-other)" standby.application_name=old
	run -78 pgrepl standby setup
	contains 'error: .* holds a cluster that is not a standby' <<<"$output"
	[ ! -e "$PAIR/primary-other/standby.signal" ]
	ini standby common.data_directory="$PAIR/primary-other" standby.port="$(port_of primary-other)" standby.application_name=old \
		common.existing_data=move_aside
	run -0 pgrepl standby setup
	streams old
}

@test "data is not moved aside while a server runs on it" {
	start_primary
	ini standby common.data_directory="$PAIR/primary" common.existing_data=move_aside
	run -78 pgrepl standby setup
	contains "error: a server runs on \"$PAIR/primary\"" <<<"$output"
	equal "$(sql primary 'select 1')" 1
}

@test "a primary refuses the data of a standby" {
	start_primary
	start_standby standby
	ini primary-new common.data_directory="$PAIR/standby"
	run -78 pgrepl primary-new setup
	contains 'error: .* holds a standby: promote it' <<<"$output"
	ini primary-new common.data_directory="$PAIR/standby" common.existing_data=move_aside
	run -78 pgrepl primary-new setup
	contains 'hint: .*Promote it with "pg_ctl promote"; or' <<<"$output"
	lacks pgrepl-old < <(ls "$PAIR")
	streams standby
}

@test "a cluster of another major version is refused" {
	start_primary
	stop primary
	echo 9 >"$PAIR/primary/PG_VERSION"
	refuses primary "was made by PostgreSQL 9, but the programs are those of $PGMAJOR"
}

@test "missing programs are named, with exit code 78" {
	local program
	mkdir "$PAIR/programs"
	ini primary common.bin_directory="$PAIR/programs"
	for program in postgres initdb pg_basebackup pg_ctl; do
		refuses primary "could not run \"$PAIR/programs/$program\": No such file or directory"
		ln -s "$PG/bin/$program" "$PAIR/programs/$program"
	done
}

@test "what an interrupted run has left beside the data folder is removed" {
	ini primary
	as_server mkdir -p "$PAIR/primary.pgrepl-staging/base/1"
	echo 12 >"$PAIR/primary.pgrepl-staging/PG_VERSION"
	echo half >"$PAIR/primary.pgrepl-staging/base/1/1"
	ln -s "$PAIR/bin" "$PAIR/primary.pgrepl-staging/pg_wal"
	run -0 pgrepl primary setup --dry-run
	contains '^would +room for a cluster +clear' <<<"$output"
	run -0 pgrepl primary setup
	[ ! -e "$PAIR/primary.pgrepl-staging" ]
	[ -x "$PAIR/bin/pgrepl-primary" ]
	equal "$(sql primary 'select 1')" 1
}

# refused_as_it_was REGEX...: by setup and by its dry run alike, and nothing of what setup writes differs.
refused_as_it_was() {
	local before regex command
	before=$(ls "$PAIR" && configuration_of primary)
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # words
		run -78 pgrepl primary $command
		for regex; do
			contains "$regex" <<<"$output"
		done
		contains '^refused +settings tried' <<<"$output"
		contains 'hint: .*\[primary.settings\]' <<<"$output"
		unchanged "$before" "$(ls "$PAIR" && configuration_of primary)"
	done
}

# These cost no start, so a row is cheap: the name and value in the ini, and what the server says.
@test "names and values that the server does not accept are refused before anything is written" {
	local state row unknown=(
		'wrok_mem=1MB|unrecognized configuration parameter "wrok_mem"'
		'work_mem=lots|invalid value for parameter "work_mem": "lots"'
		'work_mem=1|1 .*is outside the valid range for parameter "work_mem"'
		'wal_level=archival|invalid value for parameter "wal_level": "archival"'
		'max_connections=many|invalid value for parameter "max_connections": "many"'
		'server_version=99|parameter "server_version" cannot be changed'
	)
	for state in none up down; do
		case $state in
		up) by_hand primary "wal_level = logical" ;;
		down) stop primary ;;
		esac
		for row in "${unknown[@]}"; do
			ini primary primary.settings."${row%%|*}"
			refused_as_it_was "${row#*|}"
		done
	done
}

@test "a port that is in use is reported, with the server's log, and the new data stays" {
	start_primary
	# with addresses of its own, there may be room for both
	ini primary-second common.primary_host= common.primary_port="$(port_of primary)" primary.settings.unix_socket_directories="$PAIR/bin" \
		primary.settings.listen_addresses=127.0.0.1
	run -78 pgrepl primary-second setup
	contains 'error: ' <<<"$output"
	contains "hint: Read " <<<"$output"
	[ -e "$PAIR/primary-second/PG_VERSION" ]
	stop primary
	run -0 pgrepl primary-second setup
	contains '^changed +server' <<<"$output"
}

@test "only one setup at a time works on a data folder" {
	local standby
	ini standby
	pgrepl_in_background standby setup
	standby=$!
	eventually grep -q 'waiting for the primary' "$PAIR/standby.out"
	run -75 pgrepl standby setup
	contains 'error: ' <<<"$output"
	kill -TERM "$standby"
	wait "$standby" || equal "$?" 143
	no_process_of "$PAIR"
}

# bats test_tags=once
@test "a setup that has just ended, and holds its lock a moment longer, is waited for" {
	need strace
	ini primary
	# the kernel's answer when another process holds the lock
	traced primary "$PAIR/trace" -b execve -e trace=flock -e inject=flock:error=EAGAIN:when=1..3
	wait "$!"
	eventually trace_is_whole "$PAIR/trace"
	equal "$(grep -c ' flock(.* EAGAIN .*(INJECTED)' "$PAIR/trace")" 3
	[ ! -e "$PAIR/primary.pgrepl-staging.lock" ]
	equal "$(sql primary 'select 1')" 1
}

@test "a pgrepl block in pg_hba.conf that has no end is refused, and the file is left as it is" {
	local before
	start_primary
	sed -i '/^# END pgrepl/d' "$PAIR/primary/pg_hba.conf"
	before=$(sha256sum "$PAIR/primary/pg_hba.conf")
	run -78 pgrepl primary setup
	contains 'error: the pgrepl block in .*pg_hba.conf" has no end' <<<"$output"
	equal "$(sha256sum "$PAIR/primary/pg_hba.conf")" "$before"
}

@test "a data directory that is a dangling link is refused with 78, for both roles" {
	local name
	for name in primary standby; do
		ini $name
		as_server ln -s nowhere "$PAIR/$name"
		run -78 pgrepl $name setup
		contains "error: data directory \"$PAIR/$name\" is a dangling symbolic link" <<<"$output"
		contains 'hint: Create the directory' <<<"$output"
		[ -L "$PAIR/$name" ]
	done
}

@test "without root, a dry run refuses open_firewall, and the hint says nothing of the data directory" {
	local before
	ini primary common.open_firewall=on
	before=$(listing)
	run -78 pgrepl primary setup --dry-run
	contains '^refused +firewall +this requires root$' <<<"$output"
	contains 'hint: Run setup as root\.$' <<<"$output"
	unchanged "$before" "$(listing)"
}

@test "root refuses a data directory of another user that can be listed and not read, and changes no owner" {
	local before
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir -m 755 "$PAIR/primary" "$PAIR/primary/base"
	echo "$PGMAJOR" >"$PAIR/primary/PG_VERSION"
	chmod 600 "$PAIR/primary/PG_VERSION"
	chown -R daemon: "$PAIR/primary"
	ini primary
	chown root: "$PAIR/primary.ini"
	before=$(listing "$PAIR/primary")
	run -78 "$(program_of primary)" --config "$PAIR/primary.ini" setup 3>&- 4>&-
	contains '^refused +data directory' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/primary")"
}

@test "without root, files of another user in a cluster are refused, and nothing was tried" {
	[ "$(id -u)" = 0 ] || skip 'needs root to make one'
	by_hand primary
	touch "$PAIR/primary/theirs"
	ini primary
	run -78 pgrepl primary setup
	contains "^refused +ownership +1 entry in $PAIR/primary is not owned by postgres\$" <<<"$output"
	contains 'hint: Run setup as root, or give all of' <<<"$output"
	lacks '^failed' <<<"$output"
}

@test "a data directory that is a file is refused, by a dry run as well" {
	as_server touch "$PAIR/primary"
	ini primary
	run -78 pgrepl primary setup --dry-run
	contains '^refused .*could not read data directory' <<<"$output"
	run -78 pgrepl primary setup
	contains '^refused .*could not read data directory' <<<"$output"
	run -75 pgrepl primary status
}
