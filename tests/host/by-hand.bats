#!/usr/bin/env bats
# dnf install, an edit of the ini, systemctl start: an administrator at a running host.

load hosts

setup_file() {
	lab_start
	# the order of their making gives them their addresses; the primary stays off
	host_create primary
	host_add_repos primary
	host_create standby
	host_add_repos standby
	host_boot standby
	install_by_hand standby standby
}

@test "installing changes nothing but files: no server runs and PGDATA is empty" {
	run host_run standby systemctl is-active "postgresql-$LAB_PGMAJOR" pgrepl-standby
	[ "$output" = $'inactive\ninactive' ]
	is_empty standby "$DATA"
	[ "$(host_run standby stat -c '%U:%a' /etc/pgrepl.ini)" = root:600 ]
}

@test "an ini that was not filled in is refused: exit 78, what to do, and nothing changed" {
	host_set standby primary_host ''
	run -78 host_run standby pgrepl-standby setup
	contains '^pgrepl-standby: error: .*primary_host' <<<"$output"
	contains '^pgrepl-standby: hint: ' <<<"$output"
	host_run standby find "/var/lib/pgsql/$LAB_PGMAJOR" -mindepth 2 | lacks .
	host_set standby primary_host "$(host_ip primary)"
}

@test "a standby whose primary is off waits, and its status says for what" {
	host_run standby systemctl start --no-block pgrepl-standby
	says_what_it_waits_for() {
		unit_status standby pgrepl-standby | contains "Status: \"waiting for the primary $(host_ip primary):5432: "
	}
	patiently says_what_it_waits_for
	[ "$(host_run standby systemctl is-active pgrepl-standby)" = activating ]
	run -75 host_run standby pgrepl-standby status
}

@test "the primary is made by dnf install, the ini and systemctl start" {
	host_boot primary
	install_by_hand primary primary
	host_run primary systemctl start pgrepl-primary
	[ "$(host_run primary systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
	[ "$(host_sql primary 'select pg_is_in_recovery()')" = f ]
}

@test "the waiting standby then arrives by itself" {
	host_wait_set_up standby standby
	wait_until_streams primary standby
}

@test "checksums are on, and the encoding is UTF8 whatever LANG is" {
	[ "$(host_sql primary 'show data_checksums; show server_encoding')" = $'on\nUTF8' ]
}

@test "a host is a primary or a standby, never both" {
	run -1 host_run standby dnf -q -y install pgrepl-primary
	contains 'conflict' <<<"$output"
}

@test "a cluster set up once is adopted when its package is installed again" {
	host_run standby dnf -q -y remove pgrepl-standby
	[ "$(host_run standby systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
	install_by_hand standby standby
	host_run standby systemctl start pgrepl-standby
	host_journal standby -t pgrepl-standby -n 1 | contains 'nothing to do|steps? changed'
	wait_until_streams primary standby
}
