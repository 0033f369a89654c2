#!/usr/bin/env bats
# strace sees every program that setup starts, with its arguments and its environment.

load hosts

setup_file() {
	lab_start
	boot_installed primary primary
	boot_installed standby standby
}

# setup_traced ROLE: setup, with all that it executes in /root/trace.
setup_traced() {
	host_run "$1" strace -f --seccomp-bpf -qq -v -s 65536 -e trace=execve -o /root/trace "pgrepl-$1" setup
	host_run "$1" cat /root/trace >"$BATS_TEST_TMPDIR/trace"
}

@test "no program that makes the primary is told the password" {
	setup_traced primary
	contains 'execve\("[^"]*/initdb"' <"$BATS_TEST_TMPDIR/trace"
	run ! grep -F -e "$(password_of_lab)" "$BATS_TEST_TMPDIR/trace"
}

@test "no program that makes the standby is told the password" {
	setup_traced standby
	contains 'execve\("[^"]*/pg_basebackup"' <"$BATS_TEST_TMPDIR/trace"
	run ! grep -F -e "$(password_of_lab)" "$BATS_TEST_TMPDIR/trace"
	wait_until_streams primary standby
}

@test "the server holds the password as a SCRAM verifier" {
	host_sql primary "select rolpassword from pg_authid where rolname = 'replica'" | contains '^SCRAM-SHA-256\$'
}

@test "the passfile is outside PGDATA and nobody else can read it" {
	[ "$(host_run standby stat -c '%U:%a' "$DATA".pgpass)" = postgres:600 ]
	host_run standby find "$DATA" -name '*pgpass*' | lacks .
}
