#!/usr/bin/env bats
# What could put a host into a state that nobody asked for: settings copied with a clone, an ini that
# names the wrong server, files that the server does not read.

load ../lib/pair

# The settings that need a restart already have the values setup wants.
by_hand_and_fit() {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
}

recovered_once() {
	printf '%s\n' "recovery_target = 'immediate'" "recovery_target_action = 'promote'" \
		"primary_slot_name = 'of_its_own_primary'" >>"$PAIR/primary/postgresql.conf"
}

is_standby() {
	equal "$(sql standby 'select pg_is_in_recovery()')" t
}

@test "a clone of a primary that was once recovered to a point in time stays a standby" {
	start_primary
	# after our include too, where it would win
	recovered_once
	start_standby standby
	is_standby
	replicates primary standby
	stop standby
	pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -w start
	is_standby
}

@test "settings appended after our include are in front of it after the next setup" {
	start_primary
	printf 'work_mem = 1MB\n' >>"$PAIR/primary/postgresql.conf"
	ini primary primary.settings.work_mem=9MB
	pgrepl primary setup
	equal "$(setting_of primary work_mem)" 9216
	equal "$(grep -c "^include 'pgrepl.conf'" "$PAIR/primary/postgresql.conf")" 1
	equal "$(grep -v '^#' "$PAIR/primary/postgresql.conf" | sed '/^$/d' | tail -n 1)" "include 'pgrepl.conf'"
}

@test "data is not moved aside for a standby whose settings the server rejects" {
	local before
	start_primary
	as_server mkdir -m 0700 "$PAIR/standby"
	as_server touch "$PAIR/standby/precious"
	before=$(listing "$PAIR/standby")
	ini standby common.existing_data=move_aside standby.settings.work_mem=nonsense
	run -78 pgrepl standby setup
	contains 'work_mem' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby")"
	lacks pgrepl-old < <(ls "$PAIR")
}

@test "data to be moved aside stays until the new cluster is complete, and is complete under its new name" {
	start_primary
	as_server mkdir -m 0700 "$PAIR/standby"
	as_server touch "$PAIR/standby/precious"
	ini standby common.existing_data=move_aside
	run -0 pgrepl standby setup --dry-run
	contains 'is to be moved aside' <<<"$output"
	[ -e "$PAIR/standby/precious" ]
	run -0 pgrepl standby setup
	contains 'warning: what was in ".*/standby" is now in ".*/standby\.pgrepl-old-' <<<"$output"
	ls "$PAIR"/standby.pgrepl-old-*/precious
	streams standby
}

@test "a standby is not pointed at a primary that it is not a clone of" {
	local before
	start_primary
	start_standby standby
	start_other_primary primary-other
	before=$(configuration_of standby | grep -v '/standby.ini')
	ini standby common.primary_port="$(port_of primary-other)" common.allow_restart=on
	run -78 pgrepl standby setup
	contains 'error: this host.s cluster \(system [0-9]+\) is not a clone of the one on' <<<"$output"
	unchanged "$before" "$(configuration_of standby | grep -v '/standby.ini')"
	streams standby
}

@test "a server that reads its configuration from elsewhere is not reported to have the settings" {
	local port
	port=$(port_of primary)
	by_hand_and_fit
	stop primary
	as_server cp "$PAIR/primary/postgresql.conf" "$PAIR/elsewhere.conf"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start \
		-o "-c config_file=$PAIR/elsewhere.conf -c hba_file=$PAIR/primary/pg_hba.conf -c data_directory=$PAIR/primary"
	ini primary common.primary_port="$port"
	run -78 pgrepl primary setup
	contains 'error: the server does not read ".*/primary/pgrepl\.conf"' <<<"$output"
	contains "hint: Append the line .include '" <<<"$output"
}

@test "a setting that the server's command line overrides is reported" {
	by_hand_and_fit
	stop primary
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start -o '-c max_wal_senders=20'
	ini primary common.allow_restart=on
	run -78 pgrepl primary setup
	contains 'error: "max_wal_senders" is overridden by the server.s command line' <<<"$output"
}

@test "a setting on the server's command line that is enough is left alone" {
	by_hand_and_fit
	stop primary
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start -o '-c max_wal_senders=40'
	ini primary common.allow_restart=on
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_wal_senders)" 40
}

@test "a superuser who can log in without a password still gets the one in the ini" {
	by_hand_and_fit
	equal "$(sql primary "select rolpassword is null from pg_authid where rolname = current_user")" t
	ini primary common.allow_restart=on primary.superuser_password=for-the-superuser
	run -0 pgrepl primary setup
	contains '^changed +superuser password' <<<"$output"
	equal "$(sql primary "select rolpassword like 'SCRAM-SHA-256\$%' from pg_authid where rolname = current_user")" t
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "a file with a modification time in the future does not keep setup from finishing" {
	start_primary
	as_server touch -d '+1 hour' "$PAIR/primary/pg_hba.conf"
	run -0 pgrepl primary setup
}

@test "a server key that belongs to root and that the server's group can read stays root's" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	start_primary
	chown root:postgres "$PAIR/primary/server.key"
	chmod 0640 "$PAIR/primary/server.key"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	equal "$(stat -c '%U:%G %a' "$PAIR/primary/server.key")" 'root:postgres 640'
}

@test "a temporary password file left by a crash is gone after the next setup" {
	start_primary
	ini standby
	as_server sh -c "umask 077 && printf 'a secret\n' >'$PAIR/standby.pgpass.pgrepl-new'"
	pgrepl standby setup
	lacks 'pgpass\.' < <(ls "$PAIR")
	streams standby
}
