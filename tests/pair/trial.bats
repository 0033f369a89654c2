#!/usr/bin/env bats
# Whether this host can run with the primary's configuration is found out before a byte is copied.

load ../lib/pair

# role [STATEMENT]...: what a primary by hand needs for a standby, without the right to read its files.
role() {
	sql primary "create role replica login replication password '$(<"$PAIR/password")'"
}

# grant: and with it.
may_read() {
	sql primary "grant execute on function pg_ls_dir(text,boolean,boolean), pg_stat_file(text,boolean),
		pg_read_binary_file(text), pg_read_binary_file(text,bigint,bigint,boolean) to replica"
}

backups() {
	grep -c 'received replication command: BASE_BACKUP' "$PAIR/primary.log" || :
}

# break_for_standby HOW: the primary still runs, with a configuration that would not start here.
break_for_standby() {
	case $1 in
	include)
		as_server mkdir -p "$PAIR/etc/conf.d"
		echo "include_dir = '$PAIR/etc/conf.d'" >>"$PAIR/primary/postgresql.conf"
		sql primary 'select pg_reload_conf()' >/dev/null
		rm -r "${PAIR:?}/etc"
		;;
	# not in force before a restart, but written down
	*) printf '%s\n' "$1" >>"$PAIR/primary/postgresql.conf" ;;
	esac
}

# refused_with REGEX HINT
refused_with() {
	contains "this host cannot run with the primary.s configuration: $1" <<<"$output"
	contains "hint: $2" <<<"$output"
	lacks 'section \[primary.settings\]' <<<"$output"
	# what is ours is not named
	lacks 'error: .*pgrepl-staging' <<<"$output"
	lacks 'trial' < <(ls -A "$PAIR")
}

ways() {
	cat <<-'END'
		include|could not open configuration directory ".*/etc/conf.d"|Create it on this host
		shared_preload_libraries = 'no_such_library'|could not access file "no_such_library"|Install that library on this host
		session_preload_libraries = 'no_such_session'|could not access file "no_such_session"|Install that library on this host
		local_preload_libraries = 'no_such_plugin'|could not access file "\$libdir/plugins/no_such_plugin"|Install that library on this host
		timezone = 'Mars/Olympus'|invalid value for parameter "TimeZone": "Mars/Olympus"|Install the time zones
		huge_pages = on|could not map anonymous shared memory|Set shared_buffers or huge_pages
		no_such_parameter = 1|unrecognized configuration parameter "no_such_parameter" in file "postgresql.conf" line [0-9]+|Install the same version
		work_mem = 'much'|invalid value for parameter "work_mem": "much"|Set that parameter in section .standby.settings
	END
}

@test "what this host cannot run with is refused before the copy, in the server's words and with a fitting hint" {
	local how words hint before
	by_hand primary 'log_replication_commands = on'
	role
	may_read
	ini standby common.tls=off
	before=$(<"$PAIR/primary/postgresql.conf")
	while IFS='|' read -r how words hint; do
		break_for_standby "$how"
		run -78 pgrepl standby setup
		contains "^failed +primary's settings" <<<"$output"
		refused_with "$words" "$hint"
		as_server sh -c 'cat >"$0"' "$PAIR/primary/postgresql.conf" <<<"$before"
	done < <(ways)
	equal "$(backups)" 0
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	run -0 pgrepl standby setup
	contains "^changed +primary's settings +this host can run with them" <<<"$output"
	contains '^ok +inherited settings +this host can run with them' <<<"$output"
	streams standby
}

@test "without the right to read it, the same is found out after the copy, which is kept" {
	local how words hint
	by_hand primary 'log_replication_commands = on'
	role
	break_for_standby include
	ini standby common.tls=off
	run -0 pgrepl standby setup --dry-run
	run -78 pgrepl standby setup
	contains "^changed +primary's settings +to be tried after the copy: .*permission denied for function" <<<"$output"
	contains '^failed +inherited settings' <<<"$output"
	refused_with 'could not open configuration directory' 'Create it on this host'
	equal "$(backups)" 1
	as_server mkdir -p "$PAIR/etc/conf.d"
	run -0 pgrepl standby setup
	equal "$(backups)" 1
	streams standby
}

@test "a role that may not log in to a database does not keep the configuration from being tried" {
	by_hand primary
	role
	may_read
	as_server sh -c "printf '%s\n' 'local all all trust' 'host all replica all reject' 'host replication replica all trust' >'$PAIR/primary/pg_hba.conf'"
	sql primary 'select pg_reload_conf()'
	break_for_standby "shared_preload_libraries = 'no_such_library'"
	ini standby common.tls=off
	run -78 pgrepl standby setup
	contains '^failed +inherited settings' <<<"$output"
	refused_with 'could not access file' 'Install that library'
	ini standby common.tls=off standby.settings.shared_preload_libraries=
	sed -i '/^\[standby.settings\]/a shared_preload_libraries = ""' "$PAIR/standby.ini"
	run -0 pgrepl standby setup
	contains '^ok +base backup' <<<"$output"
	streams standby
}

@test "included files and directories in the data directory are fetched, and what is neutralised does not count" {
	by_hand primary 'log_replication_commands = on' "lc_messages = 'C'"
	role
	may_read
	as_server mkdir -p "$PAIR/primary/conf.d/sub"
	as_server sh -c "echo \"include 'sub/more.conf'\" >'$PAIR/primary/conf.d/a.conf'
		printf '%s\n' \"log_directory = '/nonexistent'\" 'logging_collector = on' \"shared_preload_libraries = 'no_such_library'\" >'$PAIR/primary/conf.d/sub/more.conf'"
	echo "include_dir = 'conf.d'" >>"$PAIR/primary/postgresql.conf"
	ini standby common.tls=off
	run -78 pgrepl standby setup
	refused_with 'could not access file "no_such_library"' 'Install that library'
	equal "$(backups)" 0
	as_server sed -i '$d' "$PAIR/primary/conf.d/sub/more.conf"
	pgrepl standby setup
	streams standby
}

@test "trying a configuration that names another data directory starts nothing there" {
	local before
	by_hand primary
	role
	may_read
	prepare other make_by_hand
	as_server sh -c "echo \"data_directory = '$PAIR/other'\" >'$PAIR/common.conf'"
	echo "include '$PAIR/common.conf'" >>"$PAIR/primary/postgresql.conf"
	before=$(listing "$PAIR/other")
	ini standby common.tls=off
	run -78 pgrepl standby setup
	contains '^refused +staged directory' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/other")"
}

@test "pgrepl-primary lets the replication role read the configuration, on a new cluster and on an old one" {
	start_new_primary primary.auth_method=md5
	ini standby
	run -0 pgrepl standby setup
	contains "^changed +primary's settings +this host can run with them" <<<"$output"
	# a cluster of an older setup, with a password of another form
	sql primary 'revoke execute on function pg_read_binary_file(text,bigint,bigint,boolean) from replica'
	sql primary "set password_encryption = md5; alter role replica password '$(<"$PAIR/password")'"
	run -0 pgrepl primary setup --dry-run
	contains '^would +replication role +let "replica" read the server.s configuration files' <<<"$output"
	run -0 pgrepl primary setup
	contains '^changed +replication role +"replica" can log in and replicate' <<<"$output"
	equal "$(sql primary "select left(rolpassword, 3) from pg_authid where rolname = 'replica'")" md5
	equal "$(sql primary "select has_function_privilege('replica', 'pg_read_binary_file(text,bigint,bigint,boolean)', 'execute')")" t
	# nothing that a server keeps from others
	equal "$(sql primary "select pg_has_role('replica', 'pg_read_server_files', 'usage')")" f
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}
