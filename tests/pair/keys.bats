#!/usr/bin/env bats
# Ini keys that change what a pair looks like.

load ../lib/pair

waits_for_a_standby() {
	equal "$(sql primary "select count(*) from pg_stat_activity where wait_event = 'SyncRep'")" 1
}

status_shows() {
	pgrepl primary status | contains "$1"
}

@test "with synchronous_standbys = 1 a commit waits until a standby has it" {
	start_new_primary primary.synchronous_standbys=1
	equal "$(setting_of primary synchronous_standby_names)" 'ANY 1 (*)'
	sql primary 'create table witness (what text)' >"$PAIR/commit.out" 2>&1 &
	eventually waits_for_a_standby
	# setup's own transactions must not wait for a standby that may never come
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	start_standby standby
	wait "$!"
	eventually status_shows '  standby  127.0.0.1  streaming  quorum'
	status_shows '^replication: synchronous, ANY 1'
	replicates primary standby
}

log_in() {
	(umask 077 && printf '*:*:*:*:%s\n' "$1" >"$PAIR/log-in")
	[ "$(id -u)" != 0 ] || chown postgres: "$PAIR/log-in"
	as_server "$PG/bin/psql" -XAtw -c 'select rolsuper from pg_roles where rolname = current_user' \
		"host=127.0.0.1 port=$(port_of primary) dbname=postgres passfile=$PAIR/log-in"
}

@test "the superuser can log in over TCP with superuser_password, and not with another password" {
	start_new_primary primary.superuser_password='"of the superuser"'
	equal "$(log_in 'of the superuser')" t
	run -2 log_in wrong
	contains 'password authentication failed' <<<"$output"
	sql primary 'select rolpassword from pg_authid where rolsuper and rolpassword is not null' | contains '^SCRAM-SHA-256\$'
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	ini primary primary.superuser_password=another
	run -0 pgrepl primary setup
	contains '^changed +superuser password' <<<"$output"
	equal "$(log_in another)" t
}

@test "a verifier can replace the password on the primary" {
	local verifier
	start_primary
	verifier=$(sql primary "select rolpassword from pg_authid where rolname = 'replica'")
	stop primary
	rm -r "$PAIR/primary"
	start_new_primary common.replication_password= primary.replication_password_verifier="$verifier"
	equal "$(sql primary "select rolpassword from pg_authid where rolname = 'replica'")" "$verifier"
	start_standby standby
	streams standby
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	run -0 pgrepl primary verify
}

@test "a verifier that does not match the password in the ini is refused" {
	start_primary
	ini primary common.replication_password=another \
		primary.replication_password_verifier="$(sql primary "select rolpassword from pg_authid where rolname = 'replica'")"
	run -78 pgrepl primary setup
	contains 'hint: replication_password_verifier in the ini does not belong to replication_password' <<<"$output"
}

@test "a new password in both ini files takes effect" {
	start_primary
	start_standby standby
	ini primary common.replication_password=the-next-one
	run -0 pgrepl primary setup
	contains '^changed +replication login' <<<"$output"
	run -78 pgrepl standby setup
	contains 'password authentication failed' <<<"$output"
	ini standby common.replication_password=the-next-one
	run -0 pgrepl standby setup
	contains '^changed +password file' <<<"$output"
	pg_ctl -D "$PAIR/standby" -w -l "$PAIR/standby.log" restart
	eventually streams standby
}

@test "wal_level = hot_standby is accepted as replica" {
	start_primary primary.settings.wal_level=hot_standby
	equal "$(setting_of primary wal_level)" replica
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	start_standby standby standby.settings.wal_level=hot_standby
	replicates primary standby
}

@test "the five settings that must not be lower than on the primary are raised to its values" {
	local name
	start_primary primary.settings.max_connections=1100 primary.settings.max_worker_processes=21 \
		primary.settings.max_wal_senders=41 primary.settings.max_prepared_transactions=11 \
		primary.settings.max_locks_per_transaction=129
	start_standby standby standby.settings.max_connections=7
	for name in max_connections max_worker_processes max_wal_senders max_prepared_transactions max_locks_per_transaction; do
		equal "$(setting_of standby "$name")" "$(setting_of primary "$name")"
	done
	replicates primary standby
}

@test "a standby can follow another standby" {
	start_primary
	start_standby standby
	start_standby leaf common.primary_port="$(port_of standby)" standby.application_name="\"it's a leaf\""
	run -0 pgrepl leaf status
	contains "^upstream: 127.0.0.1:$(port_of standby)\$" <<<"$output"
	equal "$(sql standby 'select application_name from pg_stat_replication')" "it's a leaf"
	replicates primary leaf
	run -0 pgrepl leaf verify
	run -0 pgrepl leaf setup
	contains 'nothing to do$' <<<"$output"
}

@test "settings in the ini override the defaults, on the role that they are for" {
	start_primary primary.settings.wal_sender_timeout=30s primary.settings.work_mem=5MB \
		primary.settings.log_line_prefix='"it'"'"'s %m \\"'
	start_standby standby standby.settings.work_mem=6MB
	equal "$(setting_of primary wal_sender_timeout)" 30000
	equal "$(setting_of primary work_mem)" 5120
	equal "$(setting_of primary log_line_prefix)" "it's %m \\\\"
	equal "$(setting_of standby work_mem)" 6144
	equal "$(setting_of standby wal_sender_timeout)" 60000
}
