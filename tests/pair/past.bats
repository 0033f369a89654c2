#!/usr/bin/env bats
# Clusters with a past, and an ini that may be older than they are: promoted, diverged, left behind.

load ../lib/pair

# promote NAME: it is on a timeline of its own from here on.
promote() {
	pg_ctl -D "$PAIR/$1" -l "$PAIR/$1.log" -w promote
}

accepts_writes() {
	equal "$(sql "$1" 'select pg_is_in_recovery()')" f
}

no_process_in() {
	equal "$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$1" 2>/dev/null)" ''
}

# position_of NAME: as in messages.
position_of() {
	sql "$1" 'select pg_current_wal_lsn()'
}

# the host that "standby" has been promoted on, and the old primary, which both run
failed_over() {
	start_primary
	start_standby standby
	streams standby
	promote standby
}

# what setup could change
state_of() {
	configuration_of "$1" | grep -v "$1.ini"
	pid_of "$1"
	sql "$1" 'select pg_is_in_recovery()'
	ls "$PAIR"
}

@test "a promoted standby whose ini names the old primary stays as it is, and both positions are reported" {
	local before existing_data there
	failed_over
	sql standby 'create table newer ()'
	before=$(state_of standby)
	there=$(position_of primary)
	for existing_data in refuse move_aside; do
		ini standby common.existing_data=$existing_data common.allow_restart=on
		for command in 'setup --dry-run' setup; do
			# shellcheck disable=SC2086 # words
			run -78 pgrepl standby $command
			contains "error: .* holds a cluster that is not a standby, on timeline 2 at $(position_of standby), which is newer than that of 127\.0\.0\.1:$(port_of primary), timeline 1 at $there\$" <<<"$output"
			contains 'hint: .*set primary_host to the one that was promoted last' <<<"$output"
		done
	done
	unchanged "$before" "$(state_of standby)"
	# and stopped, when nothing but its files tells
	stop standby
	before=$(listing "$PAIR/standby")
	run -78 pgrepl standby setup
	contains 'on timeline 2 at [0-9A-F/]+, which is newer than that of' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby")"
}

@test "a server that was killed right after its promotion is on the new timeline all the same" {
	start_primary
	start_standby standby
	hold_checkpoints standby
	pg_ctl -D "$PAIR/standby" -W promote
	eventually accepts_writes standby
	# shellcheck disable=SC2154 # of hold_checkpoints
	kill -KILL "$(pid_of standby)" "$checkpointer"
	eventually no_process_in "$PAIR/standby"
	# pg_control has the old one until the first checkpoint
	equal "$(od -An -tu4 -j48 -N4 "$PAIR/standby/global/pg_control" | tr -d ' ')" 1
	ini standby common.existing_data=move_aside
	run -78 pgrepl standby setup
	contains 'on timeline 2 at [0-9A-F/]+, which is newer than that of' <<<"$output"
}

@test "a standby of the new primary is not pointed back at the old one" {
	local before
	failed_over
	ini third common.primary_port="$(port_of standby)"
	pgrepl third setup
	streams third standby
	before=$(state_of third)
	ini third common.allow_restart=on common.existing_data=move_aside
	run -78 pgrepl third setup
	contains "error: a server runs on \"$PAIR/third\" \(pid [0-9]+\), which holds a standby, on timeline 2 at [0-9A-F/]+, which is newer than that of 127\.0\.0\.1:$(port_of primary), timeline 1 at [0-9A-F/]+\$" <<<"$output"
	unchanged "$before" "$(state_of third)"
	streams third standby
}

@test "an old primary that has diverged is moved aside for a standby of the new one, if the ini says so" {
	failed_over
	sql primary "create table only_here ()"
	stop primary
	ini old common.data_directory="$PAIR/primary" common.primary_port="$(port_of standby)" standby.port="$(port_of old)"
	run -78 pgrepl old setup
	contains 'holds a cluster that is not a standby, on timeline 1 at [0-9A-F/]+, which has diverged from the history of .*, timeline 2 at' <<<"$output"
	contains 'hint: .*existing_data = move_aside' <<<"$output"
	ini old common.data_directory="$PAIR/primary" common.primary_port="$(port_of standby)" standby.port="$(port_of old)" \
		common.existing_data=move_aside
	run -0 pgrepl old setup
	contains 'warning: what was in .* is now in' <<<"$output"
	streams old standby
}

@test "an old primary that was stopped cleanly before the promotion is a part of the new one's history" {
	start_primary
	start_standby standby
	streams standby
	stop primary
	promote standby
	ini old common.data_directory="$PAIR/primary" common.primary_port="$(port_of standby)" standby.port="$(port_of old)" \
		common.existing_data=move_aside
	run -0 pgrepl old setup --dry-run
	contains '^ok +data directory .* is to be moved aside: it holds a cluster that is not a standby' <<<"$output"
	run -0 pgrepl old setup
	streams old standby
}

@test "the cluster of a primary is not moved aside for a standby of its own standby" {
	local before
	start_primary
	start_standby standby
	streams standby
	stop primary
	before=$(listing "$PAIR/primary")
	ini old common.data_directory="$PAIR/primary" common.primary_port="$(port_of standby)" standby.port="$(port_of old)" \
		common.existing_data=move_aside
	run -78 pgrepl old setup
	contains 'on timeline 1 at [0-9A-F/]+, which is also that of .*, timeline 1 at' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/primary")"
}

@test "of two servers that were promoted apart and took the same number, neither is moved aside for the other" {
	local before
	start_primary
	start_standby standby
	start_standby third
	streams standby
	streams third
	promote standby
	sql primary 'create table later ()'
	eventually sql third 'table later'
	promote third
	stop third
	before=$(listing "$PAIR/third")
	ini third common.primary_port="$(port_of standby)" common.existing_data=move_aside
	run -78 pgrepl third setup
	contains 'on timeline 2 at [0-9A-F/]+, which is not in the history of .*, timeline 2 at' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/third")"
}

@test "a standby that has diverged is refused before anything is written, and goes on with its old primary" {
	local before
	start_primary
	start_standby third
	failed_over
	sql primary 'create table later ()'
	eventually sql third 'table later'
	before=$(state_of third)
	ini third common.primary_port="$(port_of standby)" common.allow_restart=on
	run -78 pgrepl third setup
	contains 'holds a standby, on timeline 1 at [0-9A-F/]+, which has diverged from the history of .*, timeline 2 at' <<<"$output"
	unchanged "$before" "$(state_of third)"
	streams third
}

@test "a standby that is not beyond the promotion follows the new primary" {
	start_primary
	start_standby third
	streams third
	failed_over
	ini third common.primary_port="$(port_of standby)" common.allow_restart=on
	pgrepl third setup
	streams third standby
	replicates standby third
}

@test "a cluster is not moved aside before the primary has answered" {
	local before
	failed_over
	stop standby
	stop primary
	before=$(listing "$PAIR/standby")
	ini standby common.existing_data=move_aside standby.wait_timeout=100ms
	run -75 pgrepl standby setup
	contains 'could not connect to the primary' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby")"
	ini standby
	run -78 pgrepl standby setup
	contains 'holds a cluster that is not a standby \(perhaps one that was promoted; .*refused\)' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby")"
	# the wait ends with the answer
	ini standby common.existing_data=move_aside
	pgrepl_in_background standby setup
	standby=$!
	eventually says standby 'waiting for the primary'
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
	wait "$standby" || equal $? 78
	says standby 'on timeline 2 at [0-9A-F/]+, which is newer than that of'
	lacks pgrepl-old < <(ls "$PAIR")
}

@test "the server of an old primary is not started while the ini's primary has taken over" {
	local before port
	port=$(port_of primary)
	start_primary
	start_standby standby
	streams standby
	stop primary
	promote standby
	stop standby
	# as on another host: at another address, with the same port
	pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -o "-p $port -c listen_addresses=127.0.0.2" -w start
	before=$(listing "$PAIR/primary")
	for existing_data in refuse move_aside; do
		ini primary common.primary_host=127.0.0.2 common.existing_data=$existing_data
		for command in 'setup --dry-run' setup; do
			# shellcheck disable=SC2086 # words
			run -78 pgrepl primary $command
			contains "error: another server has taken over: the cluster in \"$PAIR/primary\" is on timeline 1 at [0-9A-F/]+, which is a part of the history of 127\.0\.0\.2:$port, timeline 2 at " <<<"$output"
			contains 'hint: .*Make this host a standby with pgrepl-standby' <<<"$output"
			unchanged "$before" "$(listing "$PAIR/primary")"
		done
	done
	# nor is that of one that is a standby of this one still
	ini primary common.primary_host=127.0.0.2 common.replication_password=another
	run -0 pgrepl primary setup --dry-run
	contains '^ok +other primary +none: 127\.0\.0\.2:[0-9]+: password authentication failed' <<<"$output"
	stop standby
	ini primary common.primary_host=127.0.0.2
	run -0 pgrepl primary setup
	contains '^ok +other primary +none: 127\.0\.0\.2:[0-9]+: Connection refused' <<<"$output"
	contains '^changed +server' <<<"$output"
	run -0 pgrepl primary setup
	contains '^ok +other primary +not looked for: the server here runs' <<<"$output"
}

@test "no cluster is made while another program listens on its port" {
	local before name
	start_primary
	ini primary-second common.primary_port="$(port_of primary)"
	ini standby standby.port="$(port_of primary)" common.primary_host=127.0.0.2
	before=$(listing "$PAIR"/{ports,bin} | grep -v ' d '; ls "$PAIR")
	for name in primary-second standby; do
		for command in 'setup --dry-run' setup; do
			# shellcheck disable=SC2086 # words
			run -78 pgrepl $name $command
			contains "error: another program listens on port $(port_of primary) of this host" <<<"$output"
			contains 'hint: .*"ss -ltnp sport = :[0-9]+"' <<<"$output"
		done
	done
	unchanged "$before" "$(listing "$PAIR"/{ports,bin} | grep -v ' d '; ls "$PAIR")"
	stop primary
	run -0 pgrepl primary-second setup
}

@test "no empty cluster is made beside that of another major, unless the ini says so" {
	local place before
	place=$PAIR/$PGMAJOR/of/$PGMAJOR/data
	as_server mkdir -p "$place" "$PAIR/$PGMAJOR/of/9/data" "$PAIR/$PGMAJOR/of/other/data"
	# of no major, and elsewhere
	as_server touch "$PAIR/$PGMAJOR/of/other/data/PG_VERSION"
	as_server mkdir -p "$PAIR/9/of/$PGMAJOR/data"
	as_server touch "$PAIR/9/of/$PGMAJOR/data/PG_VERSION"
	ini primary common.data_directory="$place"
	run -0 pgrepl primary setup --dry-run
	as_server sh -c "echo 9 >'$PAIR/$PGMAJOR/of/9/data/PG_VERSION'"
	before=$(listing | grep -v " d ")
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # words
		run -78 pgrepl primary $command
		contains "error: \"$PAIR/$PGMAJOR/of/9/data\" holds a cluster of another PostgreSQL major version: no empty cluster of $PGMAJOR is created beside it" <<<"$output"
		contains 'hint: .*pg_upgrade' <<<"$output"
		unchanged "$before" "$(listing | grep -v " d ")"
	done
	# nor in the place of something else
	as_server touch "$place/photo"
	ini primary common.data_directory="$place" common.existing_data=move_aside
	run -78 pgrepl primary setup
	contains 'no empty cluster' <<<"$output"
	[ -e "$place/photo" ]
	ini primary common.data_directory="$place" common.existing_data=move_aside primary.create_beside_other_major=on
	run -0 pgrepl primary setup
	# one that exists is adopted
	ini primary common.data_directory="$place"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}
