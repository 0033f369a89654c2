#!/usr/bin/env bats
# Primaries that somebody has made and used: what setup would do harm to is refused before anything is written,
# and the dry run says the same.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

# refuses REGEX [SECTION.KEY=VALUE]...: the primary, whether its server runs or not.
refuses() {
	local regex=$1 before command
	shift
	ini primary common.allow_restart=on "$@"
	before=$(configuration_of primary)
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # words
		run -78 pgrepl primary $command
		contains "^refused +.*$regex" <<<"$output"
		contains '^pgrepl-primary: hint: ' <<<"$output"
		unchanged "$before" "$(configuration_of primary)"
	done
}

logs_in_over_tcp() {
	"$PG/bin/psql" -XAtqc 'select 1' "host=127.0.0.1 port=$(port_of primary) user=postgres dbname=postgres" >/dev/null 2>&1
}

@test "rules for TLS that had no effect are not brought to life, with the server up or down" {
	by_hand primary
	printf '%s\n' 'local all all trust' $'hostssl\tall all 127.0.0.1/32 trust' 'host all all 127.0.0.1/32 reject' \
		>"$PAIR/primary/pg_hba.conf"
	sql primary 'select pg_reload_conf()'
	run ! logs_in_over_tcp
	refuses 'pg_hba.conf:2: this rule has no effect while ssl is off'
	run ! logs_in_over_tcp
	stop primary
	refuses 'pg_hba.conf:2: this rule has no effect while ssl is off'
	# one that asks for a password is what its owner wrote it for
	sed -i '2s/trust$/md5/' "$PAIR/primary/pg_hba.conf"
	pgrepl primary setup
	run ! logs_in_over_tcp
}

@test "a cluster that a start would recover and promote, or that cannot start, is refused" {
	local file
	by_hand primary "restore_command = '/bin/false'"
	stop primary
	for file in recovery.signal recovery.conf backup_label; do
		as_server touch "$PAIR/primary/$file"
		refuses "\\($file\\)|has a $file"
		as_server rm "$PAIR/primary/$file"
	done
	[ ! -e "$PAIR/primary/pg_wal/00000002.history" ]
	pgrepl primary setup
}

@test "a server that is still in archive recovery is named, and not waited for" {
	by_hand primary
	stop primary
	echo "restore_command = 'sleep 600; exit 1'" >>"$PAIR/primary/postgresql.conf"
	as_server touch "$PAIR/primary/recovery.signal"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -W start
	eventually test -s "$PAIR/primary/postmaster.pid"
	refuses 'is to be recovered \(recovery.signal\)'
}

@test "values of the ini with which no standby can follow are refused" {
	local value
	by_hand primary
	for value in max_wal_senders=0 max_replication_slots=0; do
		refuses "with ${value/=/ = } no standby can follow" primary.settings.$value
	done
}

@test "a synchronous primary whose commits would not wait is not reported as one" {
	local value
	for value in off local false; do
		pair_close
		pair_open
		by_hand primary "synchronous_commit = $value"
		refuses "synchronous_standbys = 1 has no effect with synchronous_commit = $value \\(postgresql.conf:[0-9]+\\)" \
			primary.synchronous_standbys=1
	done
	ini primary common.allow_restart=on primary.synchronous_standbys=1 primary.settings.synchronous_commit=on
	pgrepl primary setup
	equal "$(setting_of primary synchronous_commit)" on
}

@test "a server whose config_file is elsewhere is refused, until that includes our file" {
	by_hand primary
	stop primary
	as_server mkdir "$PAIR/etc"
	cp -p "$PAIR"/primary/{postgresql,pg_hba,pg_ident}.conf "$PAIR/etc/"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -o "-c config_file=$PAIR/etc/postgresql.conf" -w start
	refuses 'the server does not read ".*/primary/pgrepl.conf"'
	as_server touch "$PAIR/primary/pgrepl.conf"
	echo "include '$PAIR/primary/pgrepl.conf'" >>"$PAIR/etc/postgresql.conf"
	ini primary common.allow_restart=on
	run pgrepl primary setup
	lacks 'does not read' <<<"$output"
}

@test "how the server prints numbers does not hide that it has reloaded" {
	by_hand primary 'extra_float_digits = -15'
	ini primary common.allow_restart=on
	run -0 pgrepl primary setup
}

@test "a server that would not start again with its owner's changes is not restarted" {
	local pid line
	by_hand primary 'wal_level = minimal' 'max_wal_senders = 0'
	pid=$(pid_of primary)
	for line in "shared_preload_libraries = 'nolib'" 'work_mem = lots' 'no_such_parameter = 1'; do
		echo "$line" >>"$PAIR/primary/postgresql.conf"
		ini primary common.allow_restart=on
		run -78 pgrepl primary setup
		contains '^refused +settings tried +the server runs, but would not start again: ' <<<"$output"
		[ ! -e "$PAIR/primary/pgrepl.conf" ]
		equal "$(pid_of primary)" "$pid"
		sed -i '$d' "$PAIR/primary/postgresql.conf"
	done
	pgrepl primary setup
	[ "$(pid_of primary)" != "$pid" ]
}

# standby_by_hand REST: a standby of "primary" that somebody has made, with the rest of its primary_conninfo.
standby_by_hand() {
	as_server sh -c "umask 077; printf '*:*:*:*:%s\n' '$(<"$PAIR/password")' >'$PAIR/by-hand'"
	as_server "$PG/bin/pg_basebackup" -D "$PAIR/standby" -c fast -w \
		-d "host=127.0.0.1 port=$(port_of primary) user=replica passfile=$PAIR/by-hand"
	as_server touch "$PAIR/standby/standby.signal"
	sed -i '/^port/d' "$PAIR/standby/pgrepl.conf"
	printf '%s\n' "port = $(port_of standby)" \
		"primary_conninfo = 'host=127.0.0.1 port=$(port_of primary) user=replica passfile=$PAIR/by-hand $1'" \
		>>"$PAIR/standby/postgresql.conf"
	pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -w start
}

is_synchronous() {
	equal "$(sql primary 'select sync_state from pg_stat_replication')" sync
}

@test "a standby made by hand keeps the name that its primary waits for" {
	start_primary
	standby_by_hand application_name=node2
	streams node2
	sql primary "alter system set synchronous_standby_names = 'FIRST 1 (node2)'"
	sql primary 'select pg_reload_conf()'
	ini standby common.allow_restart=on standby.application_name=
	run -78 pgrepl standby setup
	contains 'the primary knows this standby as "node2" \(postgresql.conf:[0-9]+\), and would know it as "' <<<"$output"
	contains 'hint: .*set application_name' <<<"$output"
	streams node2
	ini standby common.allow_restart=on standby.application_name=node2
	pgrepl standby setup
	streams node2
	eventually is_synchronous
}

@test "a standby made by hand goes on verifying its primary as much as it did" {
	local mode before
	start_primary
	as_server cp "$PAIR/primary/server.crt" "$PAIR/ca.crt"
	standby_by_hand "application_name=standby sslmode=verify-ca sslrootcert=$PAIR/ca.crt"
	streams standby
	for mode in verify-ca require; do
		sed -i "s/sslmode=[a-z-]*/sslmode=$mode/" "$PAIR/standby/postgresql.conf"
		ini standby common.allow_restart=on common.tls="$([ $mode = require ] && echo off || echo on)"
		before=$(configuration_of standby)
		run -78 pgrepl standby setup
		contains "primary_conninfo \\(postgresql.conf:[0-9]+\\) has sslmode=$mode, and what the ini says is weaker" <<<"$output"
		unchanged "$before" "$(configuration_of standby)"
	done
	ini standby common.allow_restart=on
	pgrepl standby setup
	streams standby
}
