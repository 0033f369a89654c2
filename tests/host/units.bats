#!/usr/bin/env bats
# Units as people configure them: what a drop-in of the server's or of ours changes, what stops ours, and
# who outlives it.

load hosts

setup_file() {
	lab_start
	create_installed primary primary
	mkdir -p "$(host_root primary)/data"
	boot_unstarted primary primary
	boot_installed standby standby
	host_wait_booted standby
}

# has_nothing_failed NAME: no unit has, and so the host is not degraded.
has_nothing_failed() {
	host_run "$1" systemctl --failed --no-legend --plain | lacks .
	host_run "$1" systemctl is-system-running | contains '^running$'
}

# drop_in NAME UNIT LINE...: what "systemctl edit" would do, on a host that is on or off; no line: removes it.
drop_in() {
	local folder
	folder=$(host_root "$1")/etc/systemd/system/$2.service.d
	rm -rf "$folder"
	if [ $# -gt 2 ]; then
		mkdir "$folder"
		printf '%s\n' "${@:3}" >"$folder/override.conf"
	fi
	! host_is_up "$1" || host_run "$1" systemctl daemon-reload
}

# is_refused NAME ROLE REGEX: by the command and by its dry run, with a hint, before anything is made.
is_refused() {
	local dry
	for dry in '' --dry-run; do
		run -78 host_run "$1" "pgrepl-$2" setup $dry
		contains "^pgrepl-$2: error: $3" <<<"$output"
		contains "^pgrepl-$2: hint: " <<<"$output"
	done
	host_run "$1" find /var/lib/pgsql /data -name PG_VERSION | lacks .
	host_run "$1" find /var/lib/pgsql /data -name '*pgrepl*' | lacks .
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

@test "a service whose data directory cannot be told, or is not PGDATA, is refused before anything is made" {
	local server=postgresql-$LAB_PGMAJOR postmaster=/usr/pgsql-$LAB_PGMAJOR/bin/postmaster
	drop_in primary "$server" '[Service]' ExecStart= "ExecStart=$postmaster -D /data/pg"
	is_refused primary primary ".* its PGDATA is \"$DATA\", and its -D is \"/data/pg\""
	drop_in primary "$server" '[Service]' ExecStart= "ExecStart=/bin/sh -c 'exec $postmaster -D /data/pg'"
	is_refused primary primary '.* its ExecStart= has "exec .* -D /data/pg"'
	drop_in primary "$server" '[Service]' EnvironmentFile=/etc/not-there.env
	is_refused primary primary 'could not read "/etc/not-there.env" for .*: No such file'
	host_run primary sh -c 'printf "PGDATA=/data/p\\\\\\ng\n" >/etc/pgsql.env'
	drop_in primary "$server" '[Service]' EnvironmentFile=/etc/pgsql.env
	is_refused primary primary 'could not find out what "/etc/pgsql.env" sets PGDATA to'
	drop_in primary "$server" '[Service]' Environment= "ExecStart=" ExecStart=/bin/true
	is_refused primary primary ".*$server.service has neither PGDATA nor -D"
}

@test "a service that runs as another user is refused before anything is made" {
	local server=postgresql-$LAB_PGMAJOR
	drop_in primary "$server" '[Service]' User=nobody
	is_refused primary primary ".*$server.service runs as user \"nobody\", and os_user is \"postgres\""
	drop_in primary "$server" '[Service]' User=
	is_refused primary primary '.* runs as user "root"'
	drop_in primary "$server" '[Service]' User=26
	host_run primary pgrepl-primary setup --dry-run | contains '^would +in place'
}

@test "without a system bus setup ends with 75 while that is not up, with 78 if there is none, and makes nothing" {
	host_run primary systemctl stop dbus.socket dbus.service
	run -75 host_run primary pgrepl-primary setup
	contains 'error: the system bus is not up: dbus.socket is not active' <<<"$output"
	host_run primary systemctl mask --runtime dbus.socket
	run -78 host_run primary pgrepl-primary setup
	contains 'error: this host has no system bus: dbus.socket is missing or masked' <<<"$output"
	is_empty primary "$DATA"
	host_run primary systemctl unmask --runtime dbus.socket
	host_run primary systemctl start dbus.socket
}

@test "server_control = pg_ctl where systemd would kill the server is refused before anything is made" {
	host_set primary server_control pg_ctl
	drop_in primary pgrepl-primary '[Service]' KillMode=control-group
	run ! host_run primary systemctl start pgrepl-primary
	host_run primary systemctl show -p ExecMainStatus pgrepl-primary | contains '=78$'
	host_journal primary -t pgrepl-primary | contains 'error: a server that pg_ctl starts in pgrepl-primary.service would be killed'
	is_empty primary "$DATA"
	run -78 host_run primary systemd-run --quiet --wait --collect --pipe pgrepl-primary setup
	contains 'hint: Set KillMode=process' <<<"$output"
	is_empty primary "$DATA"
	drop_in primary pgrepl-primary
	host_run primary systemctl reset-failed pgrepl-primary
	host_unset primary server_control
}

@test "a PGDATA with blanks from an EnvironmentFile is where the cluster is made" {
	host_run primary install -d -o postgres -g postgres /data/'of ours'
	host_run primary sh -c "printf 'PGDATA=\"/data/of ours/pg\"\n' >/etc/pgsql.env"
	drop_in primary "postgresql-$LAB_PGMAJOR" '[Service]' EnvironmentFile=-/etc/not-there.env 'EnvironmentFile=/etc/pgsql.*'
	host_set primary data_directory "'/data/of ours/pg'"
	host_run primary systemctl start pgrepl-primary
	[ "$(host_sql primary 'show data_directory')" = '/data/of ours/pg' ]
	[ "$(host_run primary systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
	is_empty primary "$DATA"
	finds_nothing_to_do primary primary
	has_nothing_failed primary
}

@test "the service may be named by an alias, and with characters that are escaped in its object's path" {
	local alias=1st-of_ours.b:c.service
	host_run primary ln -s "/usr/lib/systemd/system/postgresql-$LAB_PGMAJOR.service" "/etc/systemd/system/$alias"
	host_run primary systemctl daemon-reload
	host_set primary service "$alias"
	finds_nothing_to_do primary primary
	host_unset primary service
	host_run primary rm "/etc/systemd/system/$alias"
	host_run primary systemctl daemon-reload
}

# waits_to_be_started NAME: its server was killed, and systemd will start it again, but not soon.
waits_to_be_started() {
	local server=postgresql-$LAB_PGMAJOR
	drop_in "$1" "$server" '[Service]' Restart=on-failure RestartSec=1h EnvironmentFile=/etc/pgsql.env
	host_run "$1" systemctl kill -s KILL "$server"
	is_in_between() {
		host_run "$1" systemctl show -p SubState "$2" | contains '=auto-restart$'
	}
	patiently is_in_between "$1" "$server"
}

@test "a server that was killed, and that Restart= would start later, is started by setup at once" {
	waits_to_be_started primary
	host_run primary pgrepl-primary setup --dry-run | contains '^would +server +start '
	host_run primary pgrepl-primary setup | contains '^changed +server'
	[ "$(host_run primary systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
	finds_nothing_to_do primary primary
}

@test "a server that somebody else has started meanwhile is not taken for the service's" {
	local pg_ctl=/usr/pgsql-$LAB_PGMAJOR/bin/pg_ctl
	waits_to_be_started primary
	host_run_as primary postgres "$pg_ctl" -s -w -D '/data/of ours/pg' -l /tmp/log start
	run -78 host_run primary pgrepl-primary setup
	contains 'error: the server \(pid [0-9]+\) is running, but not under ' <<<"$output"
	host_run_as primary postgres "$pg_ctl" -s -w -D '/data/of ours/pg' -m fast stop
	host_run primary pgrepl-primary setup | contains '^changed +server'
}

@test "a service that still runs on the directory that it was started on is left alone, and no other cluster is made" {
	local server=postgresql-$LAB_PGMAJOR
	host_run primary install -d -o postgres -g postgres /data/new
	drop_in primary "$server" '[Service]' Environment=PGDATA=/data/new
	host_unset primary data_directory
	run -78 host_run primary pgrepl-primary setup
	contains "error: $server.service is running, but not on \"/data/new\"" <<<"$output"
	run -78 host_run primary pgrepl-primary setup --dry-run
	is_empty primary /data/new
	[ "$(host_sql primary 'show data_directory')" = '/data/of ours/pg' ]
	drop_in primary "$server" '[Service]' EnvironmentFile=/etc/pgsql.env
	finds_nothing_to_do primary primary
}

@test "a server that pg_ctl has started in our unit outlives it, is not stopped with it, and comes back at boot" {
	create_installed alone primary
	host_set alone server_control pg_ctl
	host_boot alone
	host_wait_booted alone
	host_journal alone -t pgrepl-primary -n 1 | contains 'steps? changed'
	[ "$(host_run alone systemctl is-active pgrepl-primary)" = inactive ]
	host_sql alone 'create table kept (); select pg_postmaster_start_time()' >"$BATS_TEST_TMPDIR/before"
	host_run alone systemctl start pgrepl-primary
	host_run alone systemctl stop pgrepl-primary
	host_journal alone -t pgrepl-primary -n 1 | contains 'nothing to do$'
	host_sql alone 'select pg_postmaster_start_time() from kept right join (select 1) one on true' |
		diff "$BATS_TEST_TMPDIR/before" -
	host_power_off alone
	host_boot alone
	host_wait_booted alone
	host_sql alone 'select count(*) from kept' | contains '^0$'
	has_nothing_failed alone
}

# new_unit NAME UNIT LINE...: it is wanted by the boot.
new_unit() {
	local units
	units=$(host_root "$1")/etc/systemd/system
	printf '%s\n' "${@:3}" >"$units/$2"
	ln -s "../$2" "$units/multi-user.target.wants/$2"
}

@test "a server that is ordered after our unit, or after a target behind it, is started by it all the same" {
	local name server=postgresql-$LAB_PGMAJOR
	create_installed after primary
	drop_in after "$server" '[Unit]' After=pgrepl-primary.service
	# as in an image: its start is queued, and waits for ours
	ln -s "/usr/lib/systemd/system/$server.service" "$(host_root after)/etc/systemd/system/multi-user.target.wants/"
	create_installed behind primary
	new_unit behind db.target '[Unit]' After=pgrepl-primary.service
	drop_in behind "$server" '[Unit]' After=db.target
	for name in after behind; do
		host_boot $name
	done
	for name in after behind; do
		host_wait_booted $name
		host_is_set_up $name primary
		[ "$(host_run $name systemctl is-active "$server")" = active ]
		has_nothing_failed $name
		host_power_off $name
		host_boot $name
		host_wait_booted $name
		[ "$(host_run $name systemctl is-active "$server")" = active ]
	done
}

@test "so is not one that would then run without what it requires: it is refused before anything is made" {
	local server=postgresql-$LAB_PGMAJOR
	create_installed without primary
	drop_in without "$server" '[Unit]' After=pgrepl-primary.service Requires=other.service
	printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$(host_root without)/etc/systemd/system/other.service"
	host_boot without
	host_wait_booted without
	host_run without systemctl show -p ExecMainStatus pgrepl-primary | contains '=78$'
	host_journal without -t pgrepl-primary | contains 'hint: Run "systemctl start other.service"'
	is_empty without "$DATA"
	host_run without systemctl start other.service
	host_run without systemctl start pgrepl-primary
	[ "$(host_run without systemctl is-active "$server")" = active ]
}
