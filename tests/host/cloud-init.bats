#!/usr/bin/env bats
# Two hosts that are switched on with user data, and nothing else done to them.

load hosts

setup_file() {
	lab_start
	create_from_user_data primary primary
	create_from_user_data standby standby
	start_watching_proc
	host_boot primary
	host_boot standby
}

teardown_file() {
	kill "$(<"$LAB/watcher")" 2>/dev/null || true
	lab_stop
}

# From outside the hosts, all their processes are seen. The password is read from a file, and tests
# up to the one that ends the watch do not name it, or the watcher would find them.
start_watching_proc() {
	password_of_lab >"$LAB/watched"
	: >"$LAB/leaks"
	(
		lab_close_files
		# without a pause it would take a processor for itself
		exec bash -c 'while true; do
			grep -slF -f "$1/watched" /proc/[0-9]*/cmdline /proc/[0-9]*/environ >>"$1/leaks"
			echo >>"$1/looks"
			sleep 0.02
		done' watcher "$LAB" </dev/null >/dev/null 2>&1
	) &
	echo $! >"$LAB/watcher"
}

@test "cloud-init installs both roles without an error" {
	host_wait_cloud_init primary
	host_wait_cloud_init standby
	host_run primary rpm -q pgrepl-primary "postgresql$LAB_PGMAJOR-server" "postgresql$LAB_PGMAJOR-contrib" "postgresql$LAB_PGMAJOR-libs"
	host_run standby rpm -q pgrepl-standby "postgresql$LAB_PGMAJOR-server" "postgresql$LAB_PGMAJOR-contrib" "postgresql$LAB_PGMAJOR-libs"
}

@test "both helpers succeed" {
	host_wait_set_up primary primary
	host_wait_set_up standby standby
	host_run primary systemctl show -p Result -p ExecMainStatus pgrepl-primary | contains 'Result=success'
	host_run standby systemctl show -p Result -p ExecMainStatus pgrepl-standby | contains 'Result=success'
}

@test "the standby streams" {
	wait_until_streams primary standby
}

@test "a row written on the primary is read on the standby" {
	host_sql primary "create table greeting (words text); insert into greeting values ('hello')"
	wait_until_streams primary standby
	[ "$(host_sql standby 'table greeting')" = hello ]
}

@test "the standby takes no writes" {
	run -1 host_sql standby 'create table mine (a int)'
	contains 'read-only transaction' <<<"$output"
}

@test "status tells on each side which pair this is" {
	host_run primary pgrepl-primary status >"$BATS_TEST_TMPDIR/primary"
	contains '^role: +primary' <"$BATS_TEST_TMPDIR/primary"
	contains '^standbys: +1' <"$BATS_TEST_TMPDIR/primary"
	contains "$(host_ip standby) +streaming +async" <"$BATS_TEST_TMPDIR/primary"
	host_run standby pgrepl-standby status >"$BATS_TEST_TMPDIR/standby"
	contains '^role: +standby' <"$BATS_TEST_TMPDIR/standby"
	contains "^walreceiver: +pid [0-9]+, streaming from $(host_ip primary):5432" <"$BATS_TEST_TMPDIR/standby"
}

@test "status --json says the same to programs" {
	host_run primary pgrepl-primary status --json >"$BATS_TEST_TMPDIR/primary"
	host_run standby pgrepl-standby status --json >"$BATS_TEST_TMPDIR/standby"
	cat "$BATS_TEST_TMPDIR"/*
	jq -e --arg ip "$(host_ip standby)" '.role == "primary" and .in_recovery == false
		and (.standbys | length == 1) and .standbys[0].client_addr == $ip
		and .standbys[0].state == "streaming"' "$BATS_TEST_TMPDIR/primary"
	jq -e --arg ip "$(host_ip primary)" '.role == "standby" and .in_recovery and .streaming
		and .wal_receiver.sender_host == $ip' "$BATS_TEST_TMPDIR/standby"
	[ "$(jq -r .system_identifier "$BATS_TEST_TMPDIR/primary")" = "$(jq -r .system_identifier "$BATS_TEST_TMPDIR/standby")" ]
}

@test "verify succeeds on both sides" {
	host_run primary pgrepl-primary verify
	host_run standby pgrepl-standby verify
}

@test "PostgreSQL and the helpers are enabled, and the done files are there" {
	local role
	for role in primary standby; do
		[ "$(host_run $role systemctl is-enabled "postgresql-$LAB_PGMAJOR")" = enabled ]
		[ "$(host_run $role systemctl is-enabled pgrepl-$role)" = enabled ]
		[ "$(host_run $role stat -c '%U:%a' /var/lib/pgrepl/$role.done)" = root:644 ]
	done
}

@test "everything in PGDATA belongs to postgres and to nobody else" {
	local role
	for role in primary standby; do
		host_run $role find "$DATA" '(' ! -user postgres -o ! -group postgres -o -perm /077 ')' -ls | lacks .
	done
}

@test "no staging folder is left" {
	local role
	for role in primary standby; do
		host_run $role find "/var/lib/pgsql/$LAB_PGMAJOR" -maxdepth 1 -name '*pgrepl-*' | lacks .
	done
}

# What an administrator or the helper could have changed: contents, owner, mode, time and number of
# every file but those that the running server itself writes to.
fingerprint() {
	host_run "$1" bash -c '
		find /etc/pgrepl.ini /etc/systemd /var/lib/pgrepl /var/lib/pgsql \
			-regextype egrep -regex ".*/data/(base|global|pg_.*|postmaster\..*|current_logfiles|log)" \
			! -name "pg_hba.conf" ! -name "pg_ident.conf" -prune -o \
			-type f -exec sha256sum {} + -exec stat -c "%n %U:%G %a %y %z %i" {} + | sort'
}

# traced_setup NAME ROLE: prints how often it ran which program, connected to whom, and opened which file for
# writing; what it said is in said.
traced_setup() {
	host_run "$1" mkdir -p /run/trace
	# a file for each process, so that no call is torn apart
	host_run "$1" strace -ff -qq -e trace=execve,connect,openat -e signal=none -o /run/trace/of "pgrepl-$2" setup \
		>"$BATS_TEST_TMPDIR/said"
	host_run "$1" sh -c 'cat /run/trace/of.*; rm -r /run/trace' | sed -nE '
		s/^execve\("([^"]*)".* = 0$/runs \1/p
		s/^connect\(.*sun_path="([^"]*)".* = 0$/connects to \1/p
		s/^connect\(.*sin_port=htons\(([0-9]+)\).*inet_addr\("([^"]*)".*/connects to \2 port \1/p
		s/^openat\([^"]*"([^"]*)", [^)]*(O_WRONLY|O_RDWR|O_CREAT).* = [0-9]+$/writes to \1/p' |
		LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

@test "a second setup says \"nothing to do\", changes no byte, and costs five programs and two or three log-ins" {
	local role before after logins
	for role in primary standby; do
		before=$(fingerprint $role)
		contains "$DATA/pgrepl.conf" <<<"$before"
		contains "$DATA/pg_hba.conf" <<<"$before"
		traced_setup $role $role >"$BATS_TEST_TMPDIR/cost"
		after=$(fingerprint $role)
		contains "^pgrepl-$role: nothing to do" <"$BATS_TEST_TMPDIR/said"
		lacks '^(changed|would|refused|failed)' <"$BATS_TEST_TMPDIR/said"
		diff <(echo "$before") <(echo "$after")
		# its own server through the socket; and with the replication role, over TCP and TLS
		logins='1 connects to 127.0.0.1 port 5432'
		[ "$role" = primary ] || logins="2 connects to $(host_ip primary) port 5432"
		diff "$BATS_TEST_TMPDIR/cost" - <<-END
			1 connects to /run/dbus/system_bus_socket
			3 connects to /run/systemd/private
			1 connects to /var/run/postgresql/.s.PGSQL.5432
			$logins
			1 runs /usr/bin/busctl
			3 runs /usr/bin/systemctl
			1 runs /usr/pgsql-$LAB_PGMAJOR/bin/postgres
			1 runs /usr/sbin/pgrepl-$role
			1 writes to /var/lib/pgrepl/$role.done
			1 writes to $DATA.pgrepl-staging.lock
		END
	done
}

@test "a dry run over the pair finds nothing to do either" {
	host_run primary pgrepl-primary setup --dry-run | contains 'nothing to do'
	host_run standby pgrepl-standby setup --dry-run | contains 'nothing to do'
}

@test "the password was in no command line and no environment while all that ran" {
	echo "looks: $(wc -l <"$LAB/looks")"
	[ "$(wc -l <"$LAB/looks")" -gt 20 ]
	lacks . <"$LAB/leaks"

	# and it would have been seen
	local canary
	canary=$(host_run primary env "CANARY=$(password_of_lab)" sh -c 'sleep infinity >/dev/null 2>&1 & echo $!')
	patiently test -s "$LAB/leaks"
	host_run primary kill "$canary"
	kill "$(<"$LAB/watcher")"
}

@test "replication is encrypted, and without TLS nobody gets in" {
	[ "$(host_sql primary 'select ssl from pg_stat_replication join pg_stat_ssl using (pid)')" = t ]
	printf '*:*:*:*:%s\n' "$(password_of_lab)" | host_run standby sh -c 'umask 077; cat >/root/passfile'
	local to
	to="host=$(host_ip primary) dbname=postgres user=replica passfile=/root/passfile"
	run -2 host_run standby psql -w -c 'select 1' "$to sslmode=disable"
	contains 'no pg_hba.conf entry .*no encryption|SSL off' <<<"$output"
}

@test "the password is in no log, no journal, no PGDATA and on no console" {
	local role password
	password=$(password_of_lab)
	for role in primary standby; do
		host_run $role cat /etc/pgrepl.ini | contains "$password"
		run -1 host_run $role grep -rlsF -e "$password" "$DATA" /var/log /etc/systemd /run/systemd /tmp
		host_journal $role -o export >"$BATS_TEST_TMPDIR/journal"
		[ -s "$BATS_TEST_TMPDIR/journal" ]
		run -1 grep -aF -e "$password" "$BATS_TEST_TMPDIR/journal" "$LAB/hosts/$role/console"
	done
}

@test "after a power cycle the pair streams again, and the helpers leave it alone" {
	host_power_off standby
	host_power_off primary
	host_boot primary
	host_boot standby
	wait_until_streams primary standby
	host_wait_booted primary
	host_wait_booted standby
	host_run primary systemctl show -p ConditionResult pgrepl-primary | contains '=no'
	host_run standby systemctl show -p ConditionResult pgrepl-standby | contains '=no'
	[ "$(host_sql standby 'table greeting')" = hello ]
}
