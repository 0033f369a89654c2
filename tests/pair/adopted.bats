#!/usr/bin/env bats
# Servers that somebody has made by hand, and that setup takes over as they run.

load ../lib/pair

@test "a primary that needs a restart is refused without allow_restart, and runs on" {
	local pid
	by_hand primary 'wal_level = minimal' 'max_wal_senders = 0'
	pid=$(pid_of primary)
	ini primary
	run -78 pgrepl primary setup
	contains 'error: the server has to be restarted for .*wal_level' <<<"$output"
	contains 'hint: .*allow_restart = on' <<<"$output"
	equal "$(pid_of primary)" "$pid"
	equal "$(setting_of primary wal_level)" minimal
}

@test "with allow_restart a primary is adopted, its data and its rules are kept, and a standby follows" {
	local pid
	by_hand primary 'wal_level = minimal' 'max_wal_senders = 0'
	sql primary "create table older as select 'than the pair' as what"
	cp "$PAIR/primary/pg_hba.conf" "$PAIR/rules"
	pid=$(pid_of primary)
	ini primary common.allow_restart=on
	run -0 pgrepl primary setup
	contains '^changed +settings in force' <<<"$output"
	[ "$(pid_of primary)" != "$pid" ]
	equal "$(setting_of primary wal_level)" replica
	diff <(sed '/^# BEGIN pgrepl/,/^# END pgrepl/d' "$PAIR/primary/pg_hba.conf") "$PAIR/rules"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	start_standby standby
	equal "$(sql standby 'table older')" 'than the pair'
}

@test "a primary that needs no restart gets none" {
	local pid
	# what a restart would be needed for is what the ini asks for already
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	pid=$(pid_of primary)
	ini primary
	run -0 pgrepl primary setup
	equal "$(pid_of primary)" "$pid"
	start_standby standby
	replicates primary standby
}

@test "what ALTER SYSTEM has set against the ini is refused, with the statement that undoes it" {
	start_primary
	sql primary "alter system set wal_sender_timeout = '5s'"
	run -78 pgrepl primary setup
	contains 'error: "wal_sender_timeout" is overridden by .*postgresql.auto.conf:[0-9]+' <<<"$output"
	contains 'hint: Run "ALTER SYSTEM RESET wal_sender_timeout"' <<<"$output"
	sql primary 'alter system reset wal_sender_timeout'
	run -0 pgrepl primary setup
	equal "$(setting_of primary wal_sender_timeout)" 60000
}

@test "a role that lacks what it needs is given it" {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary "create role replica password 'something else' valid until '2001-01-01'"
	ini primary
	run -0 pgrepl primary setup --dry-run
	contains '^would +replication role +allow "replica" to log in and replicate' <<<"$output"
	run -0 pgrepl primary setup
	contains '^changed +replication role' <<<"$output"
	start_standby standby
	streams standby
}

@test "a standby that was cloned by hand is adopted once nothing of it beats the ini" {
	start_primary
	printf '*:*:*:*:%s\n' "$(<"$PAIR/password")" >"$PAIR/by-hand"
	chmod 600 "$PAIR/by-hand"
	[ "$(id -u)" != 0 ] || chown postgres: "$PAIR/by-hand"
	as_server "$PG/bin/pg_basebackup" -D "$PAIR/standby" -c fast -w --write-recovery-conf \
		-d "host=127.0.0.1 port=$(port_of primary) user=replica passfile=$PAIR/by-hand"
	printf '%s\n' "port = $(port_of standby)" >>"$PAIR/standby/postgresql.auto.conf"
	pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -w start
	ini standby common.allow_restart=on
	run -78 pgrepl standby setup
	contains 'error: "(port|primary_conninfo)" is overridden by .*postgresql.auto.conf' <<<"$output"
	contains 'hint: Run "ALTER SYSTEM RESET (port|primary_conninfo)"' <<<"$output"
	sql standby 'alter system reset all'
	run -0 pgrepl standby setup
	contains '^changed +settings in force' <<<"$output"
	streams standby
	replicates primary standby
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a standby that follows another primary than the ini's is refused" {
	start_primary
	start_standby standby
	start_other_primary primary-other
	ini standby common.primary_port="$(port_of primary-other)" common.allow_restart=on
	run -78 pgrepl standby setup
	contains 'error: .*system' <<<"$output"
	contains 'hint: ' <<<"$output"
}

@test "a locale in the ini that the cluster does not have is reported, and changes nothing else" {
	local locale
	by_hand primary
	locale=$(sql primary "select datcollate from pg_database where datname = 'template0'")
	ini primary primary.locale=xx_XX.UTF-8 common.allow_restart=on
	run -0 pgrepl primary setup
	contains "^pgrepl-primary: warning: \"locale\" is \"xx_XX.UTF-8\" in the ini, but the cluster was created with \"$locale\"\$" <<<"$output"
	contains '^pgrepl-primary: hint: It applies to new clusters only' <<<"$output"
	contains "^ok +created as +locale $locale\$" <<<"$output"
	run -0 pgrepl primary setup --dry-run
	contains '^pgrepl-primary: warning: "locale" is "xx_XX.UTF-8"' <<<"$output"
	contains 'nothing to do$' <<<"$output"
	equal "$(sql primary 'select distinct datcollate from pg_database')" "$locale"
}

@test "an unset locale, and the cluster's own however its codeset is written, are not reported" {
	local locale
	by_hand primary
	locale=$(sql primary "select datcollate from pg_database where datname = 'template0'")
	for locale in '' "$locale" "${locale/UTF-8/utf8}"; do
		ini primary primary.locale="$locale" common.allow_restart=on
		run -0 pgrepl primary setup
		lacks 'warning: ' <<<"$output"
	done
}

@test "a locale that setup has created the cluster with is not reported, also not under its other name" {
	local locale
	# made anew: a prepared cluster has the default
	ini primary primary.locale=POSIX
	run -0 pgrepl primary setup
	equal "$(sql primary "select datcollate || '/' || datctype from pg_database where datname = 'template0'")" C/C
	for locale in POSIX C; do
		ini primary primary.locale="$locale"
		run -0 pgrepl primary setup
		lacks 'warning: ' <<<"$output"
		contains '^ok +created as +locale C$' <<<"$output"
	done
}

@test "a locale that only has the collation of the cluster is reported with both" {
	local ctype
	start_primary
	ctype=$(sql primary "select datctype from pg_database where datname = 'template0' and datcollate = 'C'")
	lacks '^C$' <<<"$ctype"
	ini primary primary.locale=C
	run -0 pgrepl primary setup
	contains "warning: \"locale\" is \"C\" in the ini, but the cluster was created with \"lc_collate C, lc_ctype $ctype\"\$" <<<"$output"
	contains 'nothing to do$' <<<"$output"
}
