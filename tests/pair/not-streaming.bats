#!/usr/bin/env bats
# A standby that runs and does not stream: setup, verify and status say why, with the exit code that
# belongs to the reason.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

# tells CODE MESSAGE [HINT]: setup, verify and status of "standby" do. What is hopeless ends a wait that
# has no limit.
tells() {
	local code=$1 message=$2 hint=${3:-.} wait=0
	[ "$code" = 78 ] || wait=4s
	ini standby standby.wait_timeout=$wait "${keys[@]}"
	run -"$code" pgrepl standby setup
	contains "^pgrepl-standby: error: the standby does not stream: .*$message" <<<"$output"
	contains "^pgrepl-standby: hint: .*$hint" <<<"$output"
	contains '^failed +streaming' <<<"$output"
	[ "$code" = 78 ] || contains "^pgrepl-standby: warning: the standby does not stream yet: .*$message" <<<"$output"
	run -"$code" pgrepl standby status
	contains "^not streaming: .*$message" <<<"$output"
	contains "^pgrepl-standby: hint: .*$hint" <<<"$output"
	run -"$code" pgrepl standby status --json
	contains "\"streaming\":false.*\"not_streaming\":\".*$message" <<<"$output"
	# long enough to ask
	run -"$code" pgrepl standby verify --timeout 3s
	contains "error: .*$message" <<<"$output"
}

# no_wal_kept: the keys of a primary that keeps no WAL for standbys.
no_wal_kept() {
	local name=wal_keep_size
	[ "$PGMAJOR" != 12 ] || name=wal_keep_segments
	printf '%s\n' primary.settings.$name=0 primary.settings.max_wal_size=32MB primary.settings.min_wal_size=32MB
}

start_pair() {
	keys=(common.allow_restart=on)
	start_primary "$@"
	start_standby standby "${keys[@]}"
}

@test "a standby whose WAL is gone is told so, with the commands that clone it anew" {
	local kept
	mapfile -t kept < <(no_wal_kept)
	start_pair "${kept[@]}"
	stop standby
	remove_wal
	tells 78 'requested WAL segment [0-9A-F]+ has already been removed' "pg_ctl -D $PAIR/standby stop && mv $PAIR/standby .* && pgrepl-standby setup"
	# it works
	stop standby
	mv "$PAIR/standby" "$PAIR/standby.old"
	pgrepl standby setup
	streams standby
}

@test "with an archive, WAL that the primary has removed is waited for" {
	local kept
	mapfile -t kept < <(no_wal_kept)
	start_pair "${kept[@]}"
	stop standby
	remove_wal
	keys+=(standby.settings.restore_command=/bin/false)
	tells 75 'requested WAL segment [0-9A-F]+ has already been removed' 'restore_command'
}

@test "a standby that has replayed what its primary lost is told that it is ahead" {
	start_pair
	stop primary
	cp -a "$PAIR/primary" "$PAIR/older"
	pgrepl primary setup
	sql primary 'create table newer (x int)'
	sql primary 'select pg_switch_wal()' >/dev/null
	replicates primary standby
	stop primary immediate
	rm -r "$PAIR/primary"
	mv "$PAIR/older" "$PAIR/primary"
	pgrepl primary setup
	tells 78 'ahead of' 'cloned anew'
}

@test "a standby that is ahead within one segment, and therefore streams, is not taken for a good one" {
	start_pair
	stop primary
	cp -a "$PAIR/primary" "$PAIR/older"
	pgrepl primary setup
	replicates primary standby
	stop primary immediate
	rm -r "$PAIR/primary"
	mv "$PAIR/older" "$PAIR/primary"
	pgrepl primary setup
	run -78 pgrepl standby setup
	contains 'error: .*is ahead of' <<<"$output"
	contains 'hint: .*cloned anew' <<<"$output"
	run -78 pgrepl standby verify
	contains 'error: .*is ahead of' <<<"$output"
}

@test "a standby that has gone further than the fork of its new primary is told where that was" {
	start_pair
	start_standby other
	stop other
	replicates primary standby
	# or it would receive the rest before it is promoted
	stop primary
	pg_ctl -D "$PAIR/other" -l "$PAIR/other.log" -w start
	pg_ctl -D "$PAIR/other" -w promote
	ini standby "${keys[@]}" common.primary_port="$(port_of other)"
	run -78 pgrepl standby setup
	contains 'error: .*(history|fork|left)' <<<"$output"
	contains 'error: .*[0-9A-F]+/[0-9A-F]+' <<<"$output"
	contains 'hint: ' <<<"$output"
}

@test "a replication slot that does not exist, or that another standby uses, is named" {
	start_pair
	keys+=(standby.settings.primary_slot_name=mine)
	tells 78 'replication slot .*mine.* does not exist' 'pg_create_physical_replication_slot'
	sql primary "select pg_create_physical_replication_slot('mine')" >/dev/null
	stop standby
	start_standby other standby.settings.primary_slot_name=mine
	tells 75 'replication slot .*mine.* is active for PID' 'primary_slot_name of its own'
	sql primary "select pg_create_physical_replication_slot('another')" >/dev/null
	keys+=(standby.settings.primary_slot_name=another)
	ini standby "${keys[@]}"
	pgrepl standby setup
	streams standby
}

@test "a limited role and used-up walsenders are told apart" {
	start_pair primary.settings.max_wal_senders=2 common.allow_restart=on
	stop standby
	sql primary 'alter role replica connection limit 0'
	if limits_walsenders; then
		run -78 pgrepl standby setup
		contains 'error: .*too many connections for role "replica"' <<<"$output"
		contains 'hint: .*CONNECTION LIMIT' <<<"$output"
	fi
	sql primary 'alter role replica connection limit -1'
	pgrepl standby setup
	streams standby
}

@test "replay that is paused or delayed before all local WAL is replayed is named" {
	start_pair
	sql standby 'select pg_wal_replay_pause()'
	sql primary "create table paused as select generate_series(1, 1000)"
	replicates_later() { equal "$(sql primary 'select count(*) from pg_stat_replication where flush_lsn = pg_current_wal_flush_lsn()')" 1; }
	eventually replicates_later
	# a standby that is restarted has the rest in pg_wal, and replays it with the delay
	stop standby
	keys+=(standby.settings.recovery_min_apply_delay=1h)
	tells 75 'replay is delayed by recovery_min_apply_delay = 1h'
	sql standby 'select pg_wal_replay_pause()'
	tells 78 'replay is paused at [0-9A-F]+/[0-9A-F]+' 'pg_wal_replay_resume'
}

@test "what the walreceiver has logged is shown if it is the only one that cannot connect" {
	start_pair
	sql standby "alter system set primary_conninfo = 'host=127.0.0.1 port=1 user=replica'"
	stop standby
	pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -w start
	run -75 pgrepl standby status
	contains '^not streaming: the server has logged: .*could not connect to the primary server' <<<"$output"
	lacks $'\x1b' <<<"$output"
}
