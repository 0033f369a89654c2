#!/usr/bin/env bats
# Units as people configure them: what a drop-in of the server's or of ours changes, what stops ours, and
# who outlives it.

load hosts

setup_file() {
	lab_start
	create_installed primary primary
	boot_installed standby standby
	host_wait_booted standby
}

# has_nothing_failed NAME: no unit has, and so the host is not degraded.
has_nothing_failed() {
	host_run "$1" systemctl --failed --no-legend --plain | lacks .
	host_run "$1" systemctl is-system-running | contains '^running$'
}

# starts_to_wait: the standby, whose primary is off.
starts_to_wait() {
	host_run standby systemctl start --no-block pgrepl-standby
	patiently waits_for_primary standby
}

# leaves_nothing NAME: of an unfinished setup.
leaves_nothing() {
	no_process "$1" /usr/sbin/pgrepl
	is_empty "$1" "$DATA"
	host_run "$1" find "/var/lib/pgsql/$LAB_PGMAJOR" -name '*pgrepl*' | lacks .
	has_nothing_failed "$1"
}

# bats test_tags=once
@test "systemctl stop of a standby that waits for its primary leaves no unit failed, and no process" {
	starts_to_wait
	host_run standby systemctl stop pgrepl-standby
	[ "$(host_run standby systemctl is-active pgrepl-standby)" = inactive ]
	host_journal standby -t pgrepl-standby | contains 'error: could not connect .*\(stopped after'
	host_run standby test ! -e /var/lib/pgrepl/standby.done
	leaves_nothing standby
}

# bats test_tags=once
@test "whoever waits for that start is told that it was canceled" {
	starts_to_wait
	host_run standby systemctl start pgrepl-standby >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	patiently eval 'host_run standby ps -eo args | contains "^systemctl start pgrepl-standby"'
	host_run standby systemctl stop pgrepl-standby
	run ! wait $!
	contains '[Cc]anceled' <"$BATS_TEST_TMPDIR/said"
	leaves_nothing standby
}

# bats test_tags=once
@test "rpm -e while it waits leaves no unit failed, and no process" {
	starts_to_wait
	host_run standby rpm -e pgrepl-standby
	leaves_nothing standby
}
