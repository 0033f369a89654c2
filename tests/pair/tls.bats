#!/usr/bin/env bats
# Encryption, and who is trusted to be the primary.

load ../lib/pair

is_encrypted() {
	sql primary "select ssl from pg_stat_ssl join pg_stat_replication using (pid) where application_name = '$1'"
}

@test "TLS is on by default: the standby streams over it, and the primary rejects connections without it" {
	start_primary
	start_standby standby
	equal "$(is_encrypted standby)" t
	run -2 as_server "$PG/bin/psql" -XAtw "host=127.0.0.1 port=$(port_of primary) dbname=postgres user=replica sslmode=disable"
	contains 'no pg_hba.conf entry|no password supplied' <<<"$output"
	equal "$(sql primary "select count(*) from pg_hba_file_rules where type = 'host' and user_name = '{replica}'")" 0
}

@test "tls = off and auth_method = md5 give the guide's plain access rules" {
	start_new_primary common.tls=off primary.auth_method=md5
	start_standby standby common.tls=off
	equal "$(is_encrypted standby)" f
	equal "$(setting_of primary ssl)" off
	[ ! -e "$PAIR/primary/server.key" ]
	equal "$(sql primary "select count(*) from pg_hba_file_rules where type = 'hostssl'")" 0
	equal "$(sql primary "select count(*) from pg_hba_file_rules
		where type = 'host' and user_name = '{replica}' and auth_method = 'md5'")" 3
	replicates primary standby
}

@test "a standby that requires TLS refuses a primary without it, with 78" {
	start_new_primary common.tls=off
	ini standby
	run -78 pgrepl standby setup
	contains 'error: .*does not support SSL' <<<"$output"
	contains 'hint: Set tls = off in both ini files, or turn ssl on on the primary' <<<"$output"
	[ ! -e "$PAIR/standby" ]
}

@test "with a copy of the primary's certificate, certificate and host name are verified in full" {
	start_primary
	cp -p "$PAIR/primary/server.crt" "$PAIR/root.crt"
	start_standby standby standby.tls_root_cert="$PAIR/root.crt"
	contains "sslmode='verify-full' sslrootcert='$PAIR/root.crt'" <<<"$(setting_of standby primary_conninfo)"
	equal "$(is_encrypted standby)" t
	replicates primary standby
	run -0 pgrepl standby verify
}

@test "a primary whose certificate is not the trusted one is refused with 78" {
	start_primary
	start_other_primary primary-other
	cp -p "$PAIR/primary-other/server.crt" "$PAIR/root.crt"
	ini standby standby.tls_root_cert="$PAIR/root.crt"
	run -78 pgrepl standby setup
	contains 'error: .*certificate verify failed' <<<"$output"
	contains 'hint: Check tls_root_cert' <<<"$output"
	[ ! -e "$PAIR/standby" ]
}

@test "a primary whose certificate is for another name is refused with 78" {
	start_new_primary common.primary_host=db.example
	cp -p "$PAIR/primary/server.crt" "$PAIR/root.crt"
	ini standby standby.tls_root_cert="$PAIR/root.crt"
	run -78 pgrepl standby setup
	contains 'error: .*does not match host name "127.0.0.1"' <<<"$output"
	contains 'hint: .*names primary_host' <<<"$output"
}

@test "a pair replicates over IPv6" {
	start_new_primary common.primary_host=::1 primary.standby_networks=::1/128
	cp -p "$PAIR/primary/server.crt" "$PAIR/root.crt"
	start_standby standby common.primary_host=::1 standby.tls_root_cert="$PAIR/root.crt"
	equal "$(sql primary 'select client_addr from pg_stat_replication')" ::1
	replicates primary standby
	run -0 pgrepl standby verify
}
