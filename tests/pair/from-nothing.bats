#!/usr/bin/env bats
# A pair from two ini files: each test looks at what the one before it has made.

load ../lib/pair

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	pair_open
}

teardown() {
	explain
}

teardown_file() {
	pair_close
}

@test "a dry run on a fresh host says what setup would do, and does nothing" {
	local before
	ini primary
	before=$(listing)
	run -0 pgrepl primary setup --dry-run
	contains '^would +cluster +initdb' <<<"$output"
	contains '^would +server +start it' <<<"$output"
	contains 'nothing was changed$' <<<"$output"
	unchanged "$before" "$(listing)"
	no_process_of "$PAIR"
}

@test "a dry run for a standby whose primary is not there says so, and does nothing" {
	local before
	ini standby
	before=$(listing)
	run -0 pgrepl standby setup --dry-run
	contains "^would +primary +wait for 127.0.0.1:$(port_of primary): Connection refused" <<<"$output"
	contains '^would +base backup +clone' <<<"$output"
	unchanged "$before" "$(listing)"
}

@test "primary and standby that are started at the same time become a pair" {
	local primary standby
	pgrepl_in_background standby setup
	standby=$!
	pgrepl_in_background primary setup
	primary=$!
	wait "$primary"
	wait "$standby"
	contains 'steps changed, [0-9]+ already right' <"$PAIR/primary.out"
	contains '^changed  base backup' <"$PAIR/standby.out"
	contains "^ok +streaming +from 127.0.0.1:$(port_of primary), walreceiver pid" <"$PAIR/standby.out"
	streams standby
}

@test "a row written on the primary is read on the standby" {
	replicates primary standby
}
