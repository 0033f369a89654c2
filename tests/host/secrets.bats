#!/usr/bin/env bats
# strace sees every program that setup starts, with its arguments and its environment. This pair has a
# password for the superuser too, and speaks IPv6.

load hosts

setup_file() {
	lab_start
	boot_installed primary primary
	boot_installed standby standby
	(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$LAB/superuser-password")
	host_set primary superuser_password "$(<"$LAB/superuser-password")"
	host_set standby primary_host "$(host_ip6 primary)"
	host_run primary grep -qF superuser_password /etc/pgrepl.ini
}

# setup_traced ROLE: setup, with all that it executes in /root/trace.
setup_traced() {
	host_run "$1" strace -f --seccomp-bpf -qq -v -s 65536 -e trace=execve -o /root/trace "pgrepl-$1" setup
	host_run "$1" cat /root/trace >"$BATS_TEST_TMPDIR/trace"
}

no_password_in() {
	run -1 grep -naF -f "$LAB/password" -f "$LAB/superuser-password" "$@"
}

@test "no program that makes the primary is told a password" {
	setup_traced primary
	contains 'execve\("[^"]*/initdb"' <"$BATS_TEST_TMPDIR/trace"
	no_password_in "$BATS_TEST_TMPDIR/trace"
}

@test "no program that makes the standby is told a password" {
	setup_traced standby
	contains 'execve\("[^"]*/pg_basebackup"' <"$BATS_TEST_TMPDIR/trace"
	no_password_in "$BATS_TEST_TMPDIR/trace"
	wait_until_streams primary standby
	host_sql primary 'select client_addr from pg_stat_replication' | contains "^$(host_ip6 standby)\$"
}

@test "the superuser logs in over TCP with the password of the ini, and with no other" {
	login() {
		printf '*:*:*:*:%s\n' "$1" | host_run standby sh -c 'umask 077; cat >/root/passfile'
		host_run standby psql -w -At -c 'select current_user' \
			"host=$(host_ip6 primary) dbname=postgres user=postgres passfile=/root/passfile"
	}
	[ "$(login "$(<"$LAB/superuser-password")")" = postgres ]
	run -2 login wrong
	contains 'password authentication failed' <<<"$output"
}

@test "no file of PGDATA, no log and no journal has a password" {
	local role
	for role in primary standby; do
		host_run "$role" tar -cf - -C "$DATA" . >"$BATS_TEST_TMPDIR/data"
		host_run "$role" tar -cf - -C /var/log --exclude=./journal . >"$BATS_TEST_TMPDIR/log"
		host_journal "$role" -o export >"$BATS_TEST_TMPDIR/journal"
		[ -s "$BATS_TEST_TMPDIR/data" ]
		[ -s "$BATS_TEST_TMPDIR/journal" ]
		no_password_in "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/journal"
	done
}

@test "the server holds the password as a SCRAM verifier" {
	host_sql primary "select rolpassword from pg_authid where rolname = 'replica'" | contains '^SCRAM-SHA-256\$'
}

@test "the passfile is outside PGDATA and nobody else can read it" {
	[ "$(host_run standby stat -c '%U:%a' "$DATA".pgpass)" = postgres:600 ]
	host_run standby find "$DATA" -name '*pgpass*' | lacks .
}
