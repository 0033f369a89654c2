#!/usr/bin/env bats
# New settings with which the server does not start, or which it rejects: it gets its previous ones back.

load ../lib/pair

# too_much: no host has the memory. missing: only loading it shows that there is no such library.
too_much=primary.settings.shared_buffers=7TB
missing=primary.settings.shared_preload_libraries=no_such_library

# configured NAME: what a server reads.
configured() {
	listing "$PAIR/$1"/{postgresql,pgrepl,postgresql.auto,pg_hba}.conf | grep -E '^[0-9a-f]{64} '
}

# runs_as_before: with the settings and data from before, and those of before in its files.
runs_as_before() {
	unchanged "$before" "$(configured primary)"
	equal "$(sql primary 'show max_connections')" "$connections"
	equal "$(sql primary "select count(*) from pg_settings where pending_restart")" 0
	[ ! -e "$PAIR/primary/pgrepl.conf.previous" ]
}

@test "a restart that fails is undone: the server runs as before, and its own error is quoted" {
	local key before connections=100
	start_primary
	before=$(configured primary)
	for key in "$too_much" "$missing"; do
		ini primary common.allow_restart=on "$key"
		run -78 pgrepl primary setup
		contains '^failed +settings in force +the server did not start: FATAL:  ' <<<"$output"
		contains 'detail: It runs again, with the settings that it had before' <<<"$output"
		contains "hint: Read \"$PAIR/primary.log\". Correct them in the ini, then run setup again" <<<"$output"
		runs_as_before
	done
	contains 'error: the server did not start: FATAL:  could not access file "no_such_library": No such file or directory$' <<<"$output"
}

@test "settings that were undone are not tried again, until they change or their file is removed" {
	local before pid connections=100
	start_primary
	before=$(configured primary)
	ini primary common.allow_restart=on "$missing"
	run -78 pgrepl primary setup
	pid=$(pid_of primary)
	run -78 pgrepl primary setup
	contains '^refused +settings in force' <<<"$output"
	contains "detail: They are in \"$PAIR/primary/pgrepl.conf.rejected\"" <<<"$output"
	equal "$(pid_of primary)" "$pid"
	# a stopped server is started nevertheless
	stop primary
	run -78 pgrepl primary setup
	runs_as_before
	rm "$PAIR/primary/pgrepl.conf.rejected"
	run -78 pgrepl primary setup
	contains '^failed +settings in force +the server did not start' <<<"$output"
	runs_as_before
	ini primary common.allow_restart=on primary.settings.max_connections=123
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_connections)" 123
	[ ! -e "$PAIR/primary/pgrepl.conf.rejected" ]
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "an adopted server that does not start with its new settings has its own files again" {
	local before connections=50
	by_hand primary 'max_connections = 50' 'wal_level = logical'
	before=$(listing "$PAIR/primary"/{postgresql,postgresql.auto,pg_hba}.conf | grep -E '^[0-9a-f]{64} ')
	ini primary common.allow_restart=on "$too_much"
	run -78 pgrepl primary setup
	contains 'error: the server did not start: FATAL:  .*' <<<"$output"
	[ ! -e "$PAIR/primary/pgrepl.conf" ]
	unchanged "$before" "$(listing "$PAIR/primary"/{postgresql,postgresql.auto,pg_hba}.conf | grep -E '^[0-9a-f]{64} ')"
	equal "$(setting_of primary max_connections)" 50
	equal "$(setting_of primary wal_level)" logical
}

@test "settings of a run that was refused a restart are undone when the server does not start with them later" {
	local before connections=100
	start_primary
	before=$(configured primary)
	ini primary "$missing"
	run -78 pgrepl primary setup
	contains 'error: the server has to be restarted for shared_preload_libraries' <<<"$output"
	# a second run, with other settings that need a restart, does not forget those in force
	ini primary "$missing" primary.settings.max_connections=200
	run -78 pgrepl primary setup
	contains 'error: the server has to be restarted for ' <<<"$output"
	stop primary
	run -78 pgrepl primary setup
	contains '^failed +server +the server did not start: FATAL:  could not access file "no_such_library"' <<<"$output"
	runs_as_before
}

@test "a restart by the owner ends the time in which settings can be undone" {
	start_primary
	ini primary primary.settings.max_connections=200
	run -78 pgrepl primary setup
	[ -e "$PAIR/primary/pgrepl.conf.previous" ]
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w restart
	run -0 pgrepl primary setup
	[ ! -e "$PAIR/primary/pgrepl.conf.previous" ]
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "a clone has neither the previous nor the rejected settings of its primary" {
	start_primary
	ini primary primary.settings.max_connections=200
	run -78 pgrepl primary setup
	[ -e "$PAIR/primary/pgrepl.conf.previous" ]
	as_server cp "$PAIR/primary/pgrepl.conf" "$PAIR/primary/pgrepl.conf.rejected"
	start_standby standby
	[ ! -e "$PAIR/standby/pgrepl.conf.previous" ]
	[ ! -e "$PAIR/standby/pgrepl.conf.rejected" ]
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a server that does not start for another reason keeps its settings, and gets new ones afterwards" {
	start_primary
	stop primary
	as_server mv "$PAIR/primary/pg_hba.conf" "$PAIR/rules"
	ini primary primary.settings.work_mem=5MB
	run -78 pgrepl primary setup
	contains 'error: the server did not start: FATAL:  could not load pg_hba.conf$' <<<"$output"
	contains 'detail: Nor did it start with the settings that it had before' <<<"$output"
	as_server mv "$PAIR/rules" "$PAIR/primary/pg_hba.conf"
	run -0 pgrepl primary setup
	equal "$(sql primary 'show work_mem')" 5MB
}

@test "a value that the running server rejects is taken back, and the server keeps its settings" {
	local before pid connections=100
	[ -e "$PG/lib/postgresql/auto_explain.so" ] || [ -e "$PG/lib/auto_explain.so" ] || skip 'no auto_explain here'
	start_primary primary.settings.shared_preload_libraries=auto_explain
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w restart
	pgrepl primary setup
	before=$(configured primary)
	pid=$(pid_of primary)
	# only the server has the library that knows what this may be
	sed -i '/^\[primary.settings\]/a auto_explain.log_format = none' "$PAIR/primary.ini"
	run -78 pgrepl primary setup
	contains 'error: the server does not accept "auto_explain.log_format"' <<<"$output"
	contains 'detail: The server has the settings from before again' <<<"$output"
	runs_as_before
	equal "$(pid_of primary)" "$pid"
	equal "$(sql primary 'show auto_explain.log_format')" text
}
