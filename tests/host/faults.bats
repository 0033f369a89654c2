#!/usr/bin/env bats
# What happens when something goes wrong in the middle of a clone. The primary has some 40 MB, and a
# standby's network is so slow until a test has seen what it came for that they would take a minute.

load hosts

setup_file() {
	lab_start
	boot_installed primary primary
	host_run primary systemctl start pgrepl-primary
	host_sql primary "create table filler as select i, repeat(md5(i::text), 20) as text from generate_series(1, 20000) i;
		create table landmark as select 42 as answer; checkpoint"
}

# start_slow_clone NAME: its unit is started, and the clone is under way.
start_slow_clone() {
	boot_installed "$1" standby
	host_limit_network "$1" 5mbit
	host_run "$1" systemctl start --no-block pgrepl-standby
	patiently clones "$1" 2
}

# clones NAME PERCENT: at least so much has come.
clones() {
	local text
	text=$(host_status_text "$1" pgrepl-standby)
	echo "$text"
	[[ $text =~ cloning\ from\ $(host_ip primary):5432:\ ([0-9]+)% ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ]
}

arrives() {
	host_limit_network "$1" none
	host_wait_set_up "$1" standby
	wait_until_streams primary "$1"
	[ "$(host_sql "$1" 'table landmark')" = 42 ]
	[ "$(host_sql "$1" 'select count(*) from filler')" = 20000 ]
}

@test "systemctl status shows how far the clone is" {
	start_slow_clone watched
	unit_status watched pgrepl-standby | contains 'Status: "cloning from .*[0-9]+%'
	patiently clones watched 10
	host_run watched test ! -e "$DATA"/PG_VERSION
	arrives watched
	host_power_off watched
}

@test "the plug is pulled in the middle of a clone: the next boot finishes the job" {
	start_slow_clone unplugged
	patiently clones unplugged 5
	host_pull_plug unplugged
	[ -z "$(ls -A "$(host_root unplugged)$DATA")" ]
	[ -d "$(host_root unplugged)$DATA.pgrepl-staging" ]
	host_boot unplugged
	arrives unplugged
	host_run unplugged test ! -e "$DATA".pgrepl-staging
	host_power_off unplugged
}

@test "a host that is shut down in the middle of a clone finishes the job at its next boot" {
	start_slow_clone rebooted
	patiently clones rebooted 5
	host_power_off rebooted
	[ -z "$(ls -A "$(host_root rebooted)$DATA")" ]
	[ ! -e "$(host_root rebooted)/var/lib/pgrepl/standby.done" ]
	host_boot rebooted
	arrives rebooted
	host_power_off rebooted
}

@test "the network is cut in the middle of a clone: it goes on when the network is back" {
	start_slow_clone cut
	host_cut_network cut
	primary_retransmits() {
		host_run primary ss -tino dst "$(host_ip cut)" | contains 'backoff:[2-9]'
	}
	patiently primary_retransmits
	host_run cut test ! -e "$DATA"/PG_VERSION
	host_heal_network cut
	arrives cut
	host_power_off cut
}

# The unit's cgroup would hide it: so by hand, outside of any unit.
@test "no child outlives a helper that is killed, root side or worker" {
	local pid
	boot_installed killed standby
	host_limit_network killed 5mbit
	pg_basebackup_runs() {
		processes killed '/pg_basebackup ' | contains .
	}
	for victim in root postgres; do
		host_run killed sh -c 'pgrepl-standby setup >/root/setup.log 2>&1 & echo $! >/root/setup.pid'
		patiently pg_basebackup_runs
		pid=$(host_run killed pgrep -u "$victim" -x pgrepl-standby | head -n 1)
		[ -n "$pid" ]
		host_run killed kill -KILL "$pid"
		patiently no_process killed 'pg_basebackup'
		patiently no_process killed 'pgrepl-standby'
	done
	no_clone_on_the_primary() {
		host_sql primary "select pid, application_name, state from pg_stat_replication where client_addr = '$(host_ip killed)'" | lacks .
	}
	patiently no_clone_on_the_primary
}

@test "after such an end a plain setup arrives" {
	host_limit_network killed none
	host_run killed pgrepl-standby setup
	wait_until_streams primary killed
}

@test "the plug is pulled while a primary is made: the next boot finishes the job" {
	boot_installed second primary
	# the server's first files are there, and PGDATA is not
	cluster_is_half_made() {
		[ -d "$(host_root second)$DATA.pgrepl-staging/base" ]
	}
	host_run second systemctl start --no-block pgrepl-primary
	eventually 900 cluster_is_half_made
	host_pull_plug second
	[ -z "$(ls -A "$(host_root second)$DATA")" ]
	host_boot second
	host_wait_set_up second primary
	host_run second test ! -e "$DATA.pgrepl-staging"
	[ "$(host_sql second 'select pg_is_in_recovery()')" = f ]
	finds_nothing_to_do second primary
}
