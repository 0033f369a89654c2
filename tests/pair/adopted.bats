#!/usr/bin/env bats
# Servers created by hand, which setup adopts while they run.

load ../lib/pair

@test "without allow_restart a primary that needs a restart is refused and keeps running" {
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

@test "with allow_restart a primary is adopted with its data and access rules, and a standby follows it" {
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

@test "a primary that needs no restart is not restarted" {
	local pid
	# the settings that need a restart already have the ini's values
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	pid=$(pid_of primary)
	ini primary
	run -0 pgrepl primary setup
	equal "$(pid_of primary)" "$pid"
	start_standby standby
	replicates primary standby
}

@test "a setting that ALTER SYSTEM overrides is refused, with the statement that resets it" {
	start_primary primary.settings.wal_sender_timeout=60s
	sql primary "alter system set wal_sender_timeout = '5s'"
	run -78 pgrepl primary setup
	contains 'error: "wal_sender_timeout" is overridden by .*postgresql.auto.conf:[0-9]+' <<<"$output"
	contains 'hint: Run "ALTER SYSTEM RESET wal_sender_timeout"' <<<"$output"
	sql primary 'alter system reset wal_sender_timeout'
	run -0 pgrepl primary setup
	equal "$(setting_of primary wal_sender_timeout)" 60000
}

@test "an existing role is given what replication needs" {
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

@test "a connection limit of the role that is too low for one standby is lifted, and a higher one and the password stay" {
	local limit password
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary "set password_encryption = 'scram-sha-256'; create role replica login replication password '$(<"$PAIR/password")'"
	password=$(sql primary "select rolpassword from pg_authid where rolname = 'replica'")
	ini primary
	for limit in 0 1; do
		sql primary "alter role replica connection limit $limit"
		run -0 pgrepl primary setup --dry-run
		contains '^would +replication role +lift the connection limit of "replica"' <<<"$output"
		run -0 pgrepl primary setup
		contains '^changed +replication role' <<<"$output"
		equal "$(sql primary "select rolconnlimit, rolpassword = '$password' from pg_authid where rolname = 'replica'")" '-1|t'
	done
	for limit in 2 -1; do
		sql primary "alter role replica connection limit $limit"
		run -0 pgrepl primary setup
		contains '^ok +replication role' <<<"$output"
		equal "$(sql primary "select rolconnlimit from pg_roles where rolname = 'replica'")" "$limit"
	done
	start_standby standby
	streams standby
}

@test "a standby cloned by hand is adopted once none of its settings overrides the ini" {
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

@test "a standby that follows a different primary from the one in the ini is refused" {
	start_primary
	start_standby standby
	start_other_primary primary-other
	ini standby common.primary_port="$(port_of primary-other)" common.allow_restart=on
	run -78 pgrepl standby setup
	contains 'error: .*system' <<<"$output"
	contains 'hint: ' <<<"$output"
}

@test "a locale in the ini that differs from the cluster's is reported, and changes nothing" {
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

@test "neither an unset locale nor the cluster's own, in either spelling of its codeset, is reported" {
	local locale
	by_hand primary
	locale=$(sql primary "select datcollate from pg_database where datname = 'template0'")
	for locale in '' "$locale" "${locale/UTF-8/utf8}"; do
		ini primary primary.locale="$locale" common.allow_restart=on
		run -0 pgrepl primary setup
		lacks 'warning: ' <<<"$output"
	done
}

@test "the locale that setup created the cluster with is not reported, even under its other name" {
	local locale
	# a new cluster: a prepared one has the default
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

@test "a locale that matches only the cluster's collation is reported with the cluster's lc_collate and lc_ctype" {
	local ctype
	start_primary
	ctype=$(sql primary "select datctype from pg_database where datname = 'template0' and datcollate = 'C'")
	lacks '^C$' <<<"$ctype"
	ini primary primary.locale=C
	run -0 pgrepl primary setup
	contains "warning: \"locale\" is \"C\" in the ini, but the cluster was created with \"lc_collate C, lc_ctype $ctype\"\$" <<<"$output"
	contains 'nothing to do$' <<<"$output"
}

@test "a locale can be compared without template0, which somebody has dropped, and without both templates" {
	local database
	by_hand primary
	ini primary primary.locale=C common.allow_restart=on
	for database in template0 template1; do
		sql primary "alter database $database is_template false"
		sql primary "update pg_database set datallowconn = true where datname = '$database'"
		sql primary "drop database $database"
		run -0 pgrepl primary setup
		contains '^ok +created as +locale ' <<<"$output"
	done
	contains '^ok +created as +locale is not known$' <<<"$output"
}
