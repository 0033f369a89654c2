#!/usr/bin/env bats
# Eight standbys that are switched on together, with the settings that are shipped. All of them have the
# package in their image.
# bats file_tags=once

load hosts

readonly standbys=(s1 s2 s3 s4 s5 s6 s7 s8)

setup_file() {
	lab_start
	create_installed primary primary
	local name
	for name in "${standbys[@]}"; do
		create_installed "$name" standby
	done
	for name in "${standbys[@]}"; do
		host_boot "$name"
	done
}

# All wait for the primary first, so that all of them come to it at the same moment.
@test "eight standbys wait for a primary that is not there yet" {
	local name
	for name in "${standbys[@]}"; do
		patiently waits_for_primary "$name"
	done
}

@test "all eight arrive when it is switched on" {
	local name
	host_boot primary
	for name in "${standbys[@]}"; do
		host_wait_set_up "$name" standby
	done
	for name in "${standbys[@]}"; do
		wait_until_streams primary "$name"
	done
	[ "$(host_sql primary "select count(*) from pg_stat_replication where state = 'streaming'")" = 8 ]
}

@test "status on the primary counts eight" {
	host_run primary pgrepl-primary status | contains '^standbys: +8'
}
