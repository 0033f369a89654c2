#!/usr/bin/env bats
# The lab itself: what a test relies on has to be so.

load hosts

setup_file() {
	lab_start
	host_create one
	host_create two
	host_boot one
	host_boot two
}

# answers NAME ADDRESS [SECONDS]: none comes from where the network is cut, however long one waits.
answers() {
	host_run "$1" ping -n -c 1 -W "${3:-60}" "$2"
}

@test "hosts reach each other by address and by name, IPv4 and IPv6, and nothing else" {
	answers one "$(host_ip two)"
	answers one "$(host_ip6 two)"
	answers two one
	host_run one ip route show default | lacks .
}

@test "a host whose network is cut is silent, and is back when it is healed" {
	host_cut_network two
	run -1 answers one "$(host_ip two)" 1
	host_heal_network two
	patiently answers one "$(host_ip two)" 1
}

@test "a host whose plug was pulled is off, and boots again with its files" {
	host_run two sh -c 'echo kept >/root/file; sync'
	host_pull_plug two
	run -125 host_run two true
	host_boot two
	[ "$(host_run two cat /root/file)" = kept ]
	host_wait_booted two
}

@test "PostgreSQL is laid out as PGDG lays it out" {
	host_add_repos one
	host_run one dnf -q -y "--repo=pgdg$LAB_PGMAJOR" install "postgresql$LAB_PGMAJOR-server" "postgresql$LAB_PGMAJOR-contrib"
	[ "$(host_run one stat -c '%n %U %a' /var/lib/pgsql "/var/lib/pgsql/$LAB_PGMAJOR" "/var/lib/pgsql/$LAB_PGMAJOR/data" "/var/lib/pgsql/$LAB_PGMAJOR/backups")" = "\
/var/lib/pgsql postgres 700
/var/lib/pgsql/$LAB_PGMAJOR postgres 700
/var/lib/pgsql/$LAB_PGMAJOR/data postgres 700
/var/lib/pgsql/$LAB_PGMAJOR/backups postgres 700" ]
	[ "$(host_run one id -u postgres):$(host_run one id -g postgres)" = 26:26 ]
	is_empty one "$DATA"
	[ "$(host_run one systemctl is-enabled "postgresql-$LAB_PGMAJOR")" = disabled ]
	host_run one ldconfig -p | contains "libpq.so.5 .*=> /usr/pgsql-$LAB_PGMAJOR/lib/libpq.so.5"
	run -1 host_run one systemctl start "postgresql-$LAB_PGMAJOR"
}

@test "its unit is started when the server takes connections, not before" {
	host_run_as one postgres initdb -D "$DATA"
	# without a cluster, Restart= has used up its starts
	host_run one systemctl reset-failed "postgresql-$LAB_PGMAJOR"
	host_run one systemctl start "postgresql-$LAB_PGMAJOR"
	host_sql one 'select version()' | contains "PostgreSQL ${LAB_PGMAJOR}[. ]"
	host_run one systemctl show -p Type -p SubState "postgresql-$LAB_PGMAJOR" | contains 'SubState=running'
	host_run_as one postgres cat "$DATA"/postmaster.pid | head -n 1 | contains \
		"^$(host_run one systemctl show -p MainPID "postgresql-$LAB_PGMAJOR" | sed 's/.*=//')\$"
}

@test "what a killed lab left is swept by the next one, and a living one is not" {
	local mine=$LAB orphan pid
	# it waits at the pipe, to which nobody comes
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	bash -c '. "$1"; lab_start; host_create lost; host_boot lost; echo "$LAB"; exec >&-; read -r _ <"$2"' \
		sh "$BATS_TEST_DIRNAME/../lib/lab.bash" "$BATS_TEST_TMPDIR/pipe" >"$BATS_TEST_TMPDIR/lab" 2>/dev/null 3>&- &
	pid=$!
	patiently test -s "$BATS_TEST_TMPDIR/lab"
	orphan=$(<"$BATS_TEST_TMPDIR/lab")
	kill -KILL $pid
	patiently lab_is_abandoned "$orphan"
	[ -e "/run/netns/pgrepl-${orphan##*.}-lost" ]
	grep -q "$orphan" /proc/self/mounts

	lab_sweep
	[ ! -e "$orphan" ]
	[ ! -e "/run/netns/pgrepl-${orphan##*.}-lost" ]
	run ! grep "$orphan" /proc/self/mounts
	run ! pgrep -f -- "--directory=$orphan/"
	find /sys/fs/cgroup -maxdepth 3 -name "$(basename "$orphan")*" | lacks .
	LAB=$mine answers one two
}
