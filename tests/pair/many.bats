#!/usr/bin/env bats
# Several standbys at once, with the shipped defaults.
# bats file_tags=once

load ../lib/pair

# The role a standby connects as cannot see whether its walsender is still catching up.
all_stream() {
	equal "$(sql primary "select count(*) from pg_stat_replication where state = 'streaming'")" 8
}

@test "eight standbys and their primary are set up at the same moment, and all succeed" {
	local i pid pids=()
	ini primary primary.settings.shared_buffers=4MB
	for i in {1..8}; do
		ini "standby$i" standby.settings.shared_buffers=1MB
	done
	for i in {1..8}; do
		pgrepl_in_background "standby$i" setup
		pids+=($!)
	done
	pgrepl primary setup
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	eventually all_stream
	for i in {1..8}; do
		replicates primary "standby$i"
	done
	run -0 pgrepl primary verify
	contains ' on every standby \(8\)' <<<"$output"
	run -0 pgrepl primary status
	contains '^standbys: 8$' <<<"$output"
}
