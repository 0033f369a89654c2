#!/usr/bin/env bats
# What a clone brings along from its primary's data directory and configuration.

load ../lib/pair

# role: what a primary by hand needs for a standby.
role() {
	sql primary "create role replica login replication password '$(<"$PAIR/password")'"
}

restart() {
	pg_ctl -D "$PAIR/$1" -l "$PAIR/$1.log" -w restart
}

# is_standby_of_its_own: the server of "standby" runs on its own data, as a standby.
is_standby_of_its_own() {
	equal "$(sql standby 'select pg_is_in_recovery()')" t
	equal "$(setting_of standby data_directory)" "$PAIR/standby"
	streams standby
}

# The program of tests/unit that prints the table; whoever comes first builds it.
setup_file() {
	local top=$BATS_TEST_DIRNAME/../..
	pair_ready
	mkdir -p "$top/build"
	flock "$top/build" make -s -C "$top" -f tests/unit/programs.mk PGMAJOR=12 BUILD=build/table CFLAGS='-O1 -g -Werror' \
		build/table/unit/inherited >&2
}

# the_table: NAME FIRST LAST RULE DEFAULT, one parameter per line.
the_table() {
	"$BATS_TEST_DIRNAME/../../build/table/unit/inherited" list
}

# names_of_the_kind: those of the server's parameters that name a path, run a command, load code or steer
# recovery, by their names, categories and descriptions.
names_of_the_kind() {
	sql primary "
		select name from pg_settings
		where context <> 'internal' and name <> 'search_path' and (
			name ~ '(_file|_keyfile|_dir|_directory|_directories|_filename|_path|_command|_library|_libraries|_provider)\$'
			or name ~ '(recovery|restore|archive|promote|_preload_|^lc_|tablespaces?\$|^primary_|synchroni[sz]ed?_.*standby)'
			or name ~ '(invalid_pages|damaged_pages|ignore_system_indexes)'
			or category ~ '^(File Locations|Replication / Standby Servers|Write-Ahead Log / (Archiv|Recovery))'
			or category ~ 'Shared Library Preloading\$'
			or (vartype = 'string' and short_desc ~* '\\m(files?|director(y|ies)|command|librar(y|ies))\\M'))"
}

@test "each parameter of the server that names a path, runs a command or steers recovery has a rule" {
	local table missing rule
	by_hand primary
	table=$(the_table | awk -v major="$PGMAJOR" '$2 <= major && major <= $3')
	missing=$(comm -23 <(names_of_the_kind | sort) <(cut -d ' ' -f 1 <<<"$table" | sort))
	equal "$missing" ''
	# and no rule is for a parameter that this major does not have
	equal "$(comm -13 <(sql primary 'select lower(name) from pg_settings' | sort) <(cut -d ' ' -f 1 <<<"$table" | sort))" ''
	for rule in kept ours tried neutralised refused; do
		echo "# PostgreSQL $PGMAJOR, $rule: $(awk -v rule="$rule" '$4 == rule' <<<"$table" | wc -l) parameters" >&3
	done
}

@test "what a parameter is neutralised to is the server's default" {
	local name first last rule value
	by_hand primary
	while read -r name first last rule value; do
		if [ "$value" != - ] && [ "$first" -le "$PGMAJOR" ] && [ "$PGMAJOR" -le "$last" ] && [ "$name" != lc_messages ]; then
			equal "$name $(sql primary "select boot_val from pg_settings where name = '$name'")" "$name $value"
		fi
	done < <(the_table)
}

@test "paths, commands and recovery settings of the primary are switched off in its clone" {
	local name
	as_server mkdir "$PAIR/log" "$PAIR/sockets"
	as_server sh -c "echo 'local all all trust' >'$PAIR/hba.conf'; echo >'$PAIR/ident.conf'"
	by_hand primary
	as_server mkdir "$PAIR/primary/more"
	as_server sh -c "printf '%s\n' 'archive_mode = on' \"archive_command = 'cp %p $PAIR/%f'\" >'$PAIR/primary/more/archive.conf'
		printf '%s\r\n' \"restore_command = 'sleep 600'\" \"recovery_end_command 'rm x'\" 'RECOVERY_MIN_APPLY_DELAY = 1h' >'$PAIR/primary/more/crlf.conf'"
	printf '%s\n' "data_directory = '$PAIR/primary'" "Hba_File '$PAIR/hba.conf'" "ident_file='$PAIR/ident.conf'" \
		"external_pid_file = '$PAIR/primary.pid'" "log_directory = '$PAIR/log'" "include 'more/archive.conf'" \
		"unix_socket_directories = '$PAIR, $PAIR/sockets'" "include_if_exists 'more/crlf.conf'" \
		>>"$PAIR/primary/postgresql.conf"
	restart primary
	role
	sql primary "alter system set archive_cleanup_command = 'rm -r $PAIR/primary'"
	rm -r "$PAIR/hba.conf" "$PAIR/ident.conf" "$PAIR/log" "$PAIR/sockets"
	as_server sh -c "printf '%s\n' 'local all all trust' 'host replication replica samehost trust' >'$PAIR/hba.conf'"
	sql primary 'select pg_reload_conf()'
	ini standby common.tls=off common.start_timeout=30s
	run -0 pgrepl standby setup
	is_standby_of_its_own
	equal "$(setting_of standby hba_file)" "$PAIR/standby/pg_hba.conf"
	equal "$(setting_of standby ident_file)" "$PAIR/standby/pg_ident.conf"
	for name in external_pid_file archive_command archive_cleanup_command restore_command recovery_end_command; do
		equal "$name=$(setting_of standby "$name" | sed 's/^(disabled)$//')" "$name="
	done
	equal "$(setting_of standby log_directory)" log
	equal "$(setting_of standby archive_mode)" off
	equal "$(setting_of standby recovery_min_apply_delay)" 0
	# the rules that the primary uses were not copied, and what it does not use lets nobody in
	contains 'warning: the primary has its access rules in "'"$PAIR/hba.conf"'"' <<<"$output"
	equal "$(sql standby "select count(*) from pg_hba_file_rules where type <> 'local'")" 0
	# every line is still there, for whoever wants it again
	contains "^#restore_command = 'sleep 600'" <"$PAIR/standby/more/crlf.conf"
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a file outside of the data directory is not changed, and what it says is overridden" {
	as_server mkdir "$PAIR/etc"
	as_server sh -c "echo \"restore_command = 'sleep 600'\" >'$PAIR/etc/common.conf'"
	by_hand primary "include '$PAIR/etc/common.conf'"
	role
	ini standby common.tls=off common.start_timeout=30s
	pgrepl standby setup
	is_standby_of_its_own
	equal "$(setting_of standby restore_command)" ''
	equal "$(<"$PAIR/etc/common.conf")" "restore_command = 'sleep 600'"
	equal "$(setting_of primary restore_command)" 'sleep 600'
}

@test "a data_directory in a file outside of the data directory does not start another cluster" {
	as_server sh -c "echo \"data_directory = '$PAIR/primary'\" >'$PAIR/common.conf'"
	by_hand primary "include '$PAIR/common.conf'"
	role
	ini standby common.tls=off
	run -78 pgrepl standby setup
	contains "^refused +staged directory +the configuration in \".*\" names \"$PAIR/primary\" as the data directory" <<<"$output"
	contains 'hint: Remove data_directory from ' <<<"$output"
	[ ! -e "$PAIR/standby" ]
}

@test "a cluster in place whose configuration names another one is not started, in either role" {
	local name before
	start_primary
	start_standby standby
	stop standby
	prepare other make_by_hand
	for name in standby primary; do
		[ "$name" = standby ] || stop primary
		echo "data_directory = '$PAIR/other'" >>"$PAIR/$name/postgresql.conf"
		before=$(listing "$PAIR/$name" "$PAIR/other")
		run -78 pgrepl "$name" setup
		contains "^refused +own directory +the configuration in \"$PAIR/$name\" names \"$PAIR/other\"" <<<"$output"
		unchanged "$before" "$(listing "$PAIR/$name" "$PAIR/other")"
		# its own path, as some tools write it, is fine
		sed -i "\$s,.*,data_directory = '$PAIR/$name'," "$PAIR/$name/postgresql.conf"
		run -0 pgrepl "$name" setup
		equal "$(setting_of "$name" data_directory)" "$PAIR/$name"
	done
}

@test "the ini can set again what is switched off" {
	by_hand primary "restore_command = 'sleep 600'" 'zero_damaged_pages = on'
	role
	ini standby common.tls=off standby.settings.restore_command=false standby.settings.zero_damaged_pages=on
	pgrepl standby setup
	is_standby_of_its_own
	equal "$(setting_of standby restore_command)" false
	equal "$(setting_of standby zero_damaged_pages)" on
}

@test "a setting that hides damage is not inherited" {
	by_hand primary 'zero_damaged_pages = on'
	role
	ini standby common.tls=off
	run -78 pgrepl standby setup
	contains '"zero_damaged_pages" is "on" in the primary.s postgresql.conf' <<<"$output"
	contains 'hint: Remove it on the primary, or set it in section \[standby.settings\]' <<<"$output"
}

# Each word is a line that sets the parameter, in the order of reading: in a file included first, below the
# include, and by ALTER SYSTEM. The last line keeps each setup from copying.
@test "of a setting that hides damage, the line that wins counts" {
	local first below altered file words before
	by_hand primary
	role
	sql primary "grant execute on function pg_ls_dir(text,boolean,boolean), pg_stat_file(text,boolean),
		pg_read_binary_file(text), pg_read_binary_file(text,bigint,bigint,boolean) to replica"
	ini standby common.tls=off
	before=$(<"$PAIR/primary/postgresql.conf")
	while read -r first below altered file; do
		as_server sh -c 'printf "%s\n" "$1" "include '"'first.conf'"'" "Zero_Damaged_Pages = $3" "no_such_parameter = 1" >"$0/postgresql.conf"
			echo "zero_damaged_pages $2" >"$0/first.conf"
			echo "zero_damaged_pages = $4" | grep -v -- - >"$0/postgresql.auto.conf" || :' \
			"$PAIR/primary" "$before" "$first" "$below" "$altered"
		run -78 pgrepl standby setup
		words="\"zero_damaged_pages\" is \".*\" in the primary.s $file:"
		[ "$file" != - ] || words='unrecognized configuration parameter'
		contains "$words" <<<"$output"
	done <<-'END'
		on  off   -     -
		off on    -     postgresql.conf
		no  on    FALSE -
		on  of    true  postgresql.auto.conf
		off 0     off   -
	END
}

@test "nothing inherited is changed in a standby that is in place already" {
	start_primary
	start_standby standby
	printf '%s\n' "archive_cleanup_command = 'true'" "log_directory = '$PAIR/standby/log'" >>"$PAIR/standby/postgresql.conf"
	restart standby
	run -0 pgrepl standby setup
	equal "$(setting_of standby archive_cleanup_command)" true
	equal "$(setting_of standby log_directory)" "$PAIR/standby/log"
}

@test "files of other backups, recoveries and programs do not stay in a clone" {
	local name
	by_hand primary
	role
	for name in recovery.conf recovery.done promote backup_label.old tablespace_map.old core.123 server.key.pgrepl-new \
		logrotate; do
		as_server sh -c "echo stale >'$PAIR/primary/$name'"
	done
	as_server touch "$PAIR/primary/recovery.signal" "$PAIR/primary/kept.txt"
	as_server mkdir "$PAIR/primary/.pgrepl-staging"
	as_server touch "$PAIR/primary/.pgrepl-staging/PG_VERSION"
	ini standby common.tls=off
	pgrepl standby setup
	is_standby_of_its_own
	# the standby's server makes a backup_label.old of its own
	lacks . < <(grep -lsrx stale "$PAIR/standby" --include='*')
	lacks . < <(find "$PAIR/standby" -maxdepth 1 \( -name 'recovery.*' -o -name '.pgrepl*' -o -name backup_manifest \))
	[ -e "$PAIR/standby/kept.txt" ]
	[ -e "$PAIR/primary/recovery.conf" ]
}

# key_of NAME: of the certificate that its server shows.
key_of() {
	as_server openssl x509 -in "$1" -noout -pubkey
}

@test "the primary's private key does not stay in a clone, whatever its name, and the standby has its own" {
	local key
	start_primary
	as_server mkdir -p "$PAIR/primary/tls"
	as_server openssl req -new -x509 -nodes -subj /CN=site -keyout "$PAIR/primary/tls/site.key" \
		-out "$PAIR/primary/tls/site.crt" 2>/dev/null
	as_server chmod 0600 "$PAIR/primary/tls/site.key"
	ini primary primary.settings.ssl_cert_file=tls/site.crt primary.settings.ssl_key_file=tls/site.key
	pgrepl primary setup
	equal "$(setting_of primary ssl_key_file)" tls/site.key
	start_standby standby
	is_standby_of_its_own
	[ -s "$PAIR/standby/server.key" ]
	for key in "$PAIR/primary"/{server,tls/site}.key; do
		# its first line after the header is like no other
		contains '^[A-Za-z0-9+/]{60}' < <(sed -n 2p "$key")
		lacks . < <(grep -rlF -- "$(sed -n 2p "$key")" "$PAIR/standby")
	done
	[ "$(key_of "$PAIR/standby/server.crt")" != "$(key_of "$PAIR/primary/server.crt")" ]
}

@test "where the primary asks for client certificates, its clone does not without its CA" {
	by_hand primary
	role
	as_server openssl req -new -x509 -nodes -subj /CN=ca -keyout "$PAIR/ca.key" -out "$PAIR/ca.crt" 2>/dev/null
	printf '%s\n' "ssl_ca_file = '$PAIR/ca.crt'" >>"$PAIR/primary/postgresql.conf"
	echo 'hostssl all all 192.0.2.0/24 cert' >>"$PAIR/primary/pg_hba.conf"
	restart primary
	sql primary "grant execute on function pg_ls_dir(text,boolean,boolean), pg_read_binary_file(text,bigint,bigint,boolean) to replica"
	ini standby common.tls=off
	run -78 pgrepl standby setup
	contains "^failed +primary's settings +the primary's pg_hba.conf asks for client certificates, and its ssl_ca_file \"$PAIR/ca.crt\" is not part" <<<"$output"
	contains 'hint: Put that file on this host, and name it by ssl_ca_file' <<<"$output"
	ini standby standby.settings.ssl_ca_file="$PAIR/ca.crt"
	# TLS on both sides, as such rules want it
	as_server openssl req -new -x509 -nodes -subj /CN=primary -keyout "$PAIR/primary/server.key" -out "$PAIR/primary/server.crt" 2>/dev/null
	as_server chmod 600 "$PAIR/primary/server.key"
	echo 'ssl = on' >>"$PAIR/primary/postgresql.conf"
	restart primary
	pgrepl standby setup
	is_standby_of_its_own
	equal "$(sql standby "select count(*) from pg_hba_file_rules where auth_method = 'cert'")" 1
}
