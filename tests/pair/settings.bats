#!/usr/bin/env bats
# The settings of an existing cluster: setup raises them, keeps what is better or was chosen, and refuses
# what would keep the server from starting, before it writes anything.

load ../lib/pair

# wal_kept VALUE: a line that keeps this much WAL, in MB, whatever the major calls it.
wal_kept() {
	if [ "$PGMAJOR" = 12 ]; then
		echo "wal_keep_segments = $(($1 / 16))"
	else
		echo "wal_keep_size = $1MB"
	fi
}

# all_settings NAME: what is in force, as a|b, without what follows from the moment.
all_settings() {
	sql "$1" "select name, setting from pg_settings where name !~ '^(transaction_|in_hot_standby|shared_memory_size|lc_messages\$)' order by 1"
}

# restarted NAME: by its owner, as at the next boot.
restarted() {
	pg_ctl -D "$PAIR/$1" -l "$PAIR/$1.log" -w restart
}

# configured NAME: every file that configures it, and whether there are others of ours.
configured() {
	listing "$PAIR/$1" -maxdepth 1 -name '*.*' ! -name 'postmaster.*'
}

# refused_unchanged REGEX...: by setup and by its dry run alike.
refused_unchanged() {
	local before regex command
	before=$(configured primary)
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # words
		run -78 pgrepl primary $command
		for regex; do
			contains "$regex" <<<"$output"
		done
		unchanged "$before" "$(configured primary)"
	done
}

@test "what an adopted primary has more of, or was chosen by its owner, is as before after setup and a restart" {
	local before
	by_hand primary 'max_connections = 500' 'max_wal_senders = 0x40' 'max_replication_slots = 64' 'wal_level = logical' \
		"$(wal_kept 8000)" "synchronous_standby_names = 's1'" 'synchronous_commit = local' 'wal_sender_timeout = 5min' \
		'password_encryption = md5' 'hot_standby = off' 'max_locks_per_transaction = 128' 'max_worker_processes = 16' \
		'max_prepared_transactions = 7'
	before=$(all_settings primary)
	ini primary common.tls=off
	run -0 pgrepl primary setup
	contains '^changed +settings +write|^changed +settings ' <<<"$output"
	lacks ' -> ' <<<"$output"
	unchanged "$before" "$(all_settings primary)"
	restarted primary
	unchanged "$before" "$(all_settings primary)"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "a logical slot survives setup and a restart" {
	by_hand primary 'wal_level = logical'
	sql primary "select pg_create_logical_replication_slot('cdc', 'pgoutput')"
	ini primary
	run -78 pgrepl primary setup
	contains 'error: the server has to be restarted for .*max_wal_senders' <<<"$output"
	restarted primary
	equal "$(setting_of primary wal_level)" logical
	equal "$(sql primary 'select slot_name from pg_replication_slots')" cdc
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_wal_senders)" 32
}

@test "every number of the table is raised or kept, wherever it is set and in whatever form" {
	local name least value place lines=() expected=()
	local -A least_of=([max_connections]=100 [max_wal_senders]=32 [max_replication_slots]=32)
	local values=(3 100 0x7b 1000) places=(file include directory system)
	# each parameter in each place, with a value of each kind over the runs
	for place in "${!places[@]}"; do
		pair_close
		pair_open
		lines=() expected=()
		prepare primary make_by_hand
		printf '%s\n' "port = $(port_of primary)" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' \
			'superuser_reserved_connections = 1' "include 'more.conf'" "INCLUDE_DIR 'conf.d'" >>"$PAIR/primary/postgresql.conf"
		as_server mkdir "$PAIR/primary/conf.d"
		as_server touch "$PAIR/primary/more.conf" "$PAIR/primary/conf.d/a.conf"
		value=$place
		for name in "${!least_of[@]}"; do
			value=$(((value + 1) % ${#values[@]}))
			least=${least_of[$name]}
			expected+=("$name=$((values[value] > least ? values[value] : least))")
			case ${places[place]} in
			file) printf '%s\t%s # a comment\r\n' "${name^^}" "'${values[value]}'" >>"$PAIR/primary/postgresql.conf" ;;
			include) printf '%s = %s\n' "$name" "${values[value]}" >>"$PAIR/primary/more.conf" ;;
			directory) printf '%s %s\n' "$name" "${values[value]}" >>"$PAIR/primary/conf.d/a.conf" ;;
			system)
				# one that is too low there is refused: see below
				[ $((values[value])) -ge "$least" ] || { unset 'expected[-1]' && continue; }
				printf "%s = '%s'\n" "$name" "${values[value]}" >>"$PAIR/primary/postgresql.auto.conf"
				;;
			esac
		done
		pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
		ini primary common.allow_restart=on
		run -0 pgrepl primary setup
		restarted primary
		for value in "${expected[@]}"; do
			equal "${places[place]} ${value%%=*}=$(setting_of primary "${value%%=*}")" "${places[place]} $value"
		done
		run -0 pgrepl primary setup
		contains 'nothing to do$' <<<"$output"
	done
}

@test "each changed parameter is printed with its old and new value and where the old one came from" {
	local line command
	by_hand primary 'max_connections = 50' 'wal_level = minimal' 'max_wal_senders = 0' "archive_command = 'PGPASSWORD=hidden true'"
	line=$(grep -n '^max_connections = 50' "$PAIR/primary/postgresql.conf" | cut -d: -f1)
	sql primary "alter system set work_mem = '1MB'"
	sql primary "alter system reset work_mem"
	ini primary common.allow_restart=on primary.settings.work_mem=5MB primary.settings.archive_command=true
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # words
		run -0 pgrepl primary $command
		contains "^ +max_connections: 50 -> 100 \\(was postgresql.conf:$line\\)\$" <<<"$output"
		contains '^ +wal_level: minimal -> replica \(was postgresql.conf:[0-9]+\)$' <<<"$output"
		contains '^ +max_replication_slots: 10 -> 32 \(was the default\)$' <<<"$output"
		contains '^ +work_mem: 4MB -> 5MB \(was the default\)$' <<<"$output"
		contains '^ +archive_command: \(not shown\) -> \(not shown\) \(was postgresql.conf:[0-9]+\)$' <<<"$output"
		lacks 'hidden' <<<"$output"
		lacks 'listen_addresses|shared_buffers|hot_standby' <<<"$output"
	done
	ini primary common.allow_restart=on primary.settings.archive_command=true
	run -0 pgrepl primary setup
	contains '^ +work_mem: 5MB -> the default \(was pgrepl.conf:[0-9]+\)$' <<<"$output"
	equal "$(sql primary 'show work_mem')" 4MB
}

@test "what the owner writes behind our file or with ALTER SYSTEM holds if it is enough, and is refused if it is not" {
	start_primary
	printf '%s\n' 'max_connections = 150' "synchronous_standby_names = 's1'" >>"$PAIR/primary/postgresql.conf"
	sql primary "alter system set wal_sender_timeout = '5s'"
	sql primary 'alter system set max_replication_slots = 40'
	restarted primary
	run -0 pgrepl primary setup
	restarted primary
	equal "$(setting_of primary max_connections)" 150
	equal "$(setting_of primary synchronous_standby_names)" s1
	equal "$(setting_of primary wal_sender_timeout)" 5000
	equal "$(setting_of primary max_replication_slots)" 40
	sql primary 'alter system set max_replication_slots = 9'
	refused_unchanged 'error: "max_replication_slots" is overridden by postgresql.auto.conf:[0-9]+' \
		'hint: Run "ALTER SYSTEM RESET max_replication_slots"'
	equal "$(sql primary "select count(*) from pg_settings where pending_restart and name <> 'max_replication_slots'")" 0
}

@test "what setup wrote once is not lowered when it is no longer in the ini, and is when the ini says so" {
	start_primary
	ini primary common.allow_restart=on primary.settings.max_connections=321 primary.synchronous_standbys=1 \
		primary.settings.synchronous_commit=local
	run -0 pgrepl primary setup
	contains "^ +synchronous_standby_names: '' -> ANY 1 \\(\\*\\) \\(was pgrepl.conf:[0-9]+\\)\$" <<<"$output"
	ini primary
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_connections)" 321
	equal "$(setting_of primary synchronous_standby_names)" 'ANY 1 (*)'
	ini primary common.allow_restart=on primary.settings.max_connections=120 primary.synchronous_standbys=0
	run -0 pgrepl primary setup
	contains "^ +max_connections: 321 -> 120 \\(was pgrepl.conf:[0-9]+\\)\$" <<<"$output"
	equal "$(setting_of primary max_connections)" 120
	equal "$(setting_of primary synchronous_standby_names)" ''
}

@test "a promoted standby that becomes a primary needs no restart, and keeps what it has more of" {
	local pid
	start_primary
	start_standby standby standby.settings.shared_buffers=16MB
	stop primary
	sql standby 'select pg_promote()'
	pid=$(pid_of standby)
	mv "$PAIR/primary" "$PAIR/former"
	# the pgrepl-primary of that host
	ini primary common.data_directory="$PAIR/standby" common.primary_port="$(port_of standby)" \
		primary.settings.shared_buffers= standby.settings.shared_buffers=16MB
	run -0 pgrepl primary setup
	lacks 'restart' <<<"$output"
	equal "$(pid_of standby)" "$pid"
	equal "$(setting_of standby max_connections)" 1000
	restarted standby
	equal "$(setting_of standby max_connections)" 1000
	equal "$(sql standby 'show shared_buffers')" 16MB
	equal "$(sql standby "select string_agg(name, ' ') from pg_settings where pending_restart")" ''
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "listen_addresses is left alone if standbys can connect, and not if it is for this host only" {
	by_hand primary "listen_addresses = 'localhost'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	ini primary
	run -0 pgrepl primary setup
	equal "$(setting_of primary listen_addresses)" localhost
	ini primary primary.standby_networks='127.0.0.0/8, 10.0.0.0/24'
	run -0 pgrepl primary setup --dry-run
	contains "^ +listen_addresses: localhost -> \\* \\(was postgresql.conf:[0-9]+\\)\$" <<<"$output"
}

@test "an adopted server whose port differs from the ini is refused, and keeps it" {
	by_hand primary
	ini primary common.primary_port=$(($(port_of primary) + 1))
	refused_unchanged "error: the server's port is $(port_of primary) \\(postgresql.conf:[0-9]+\\), and $(($(port_of primary) + 1)) in the ini" \
		'hint: Set primary_port in section \[common\]'
}

@test "2 GB of WAL are kept whatever the size of a segment" {
	as_server "$PG/bin/initdb" -D "$PAIR/primary" -A trust --no-sync --wal-segsize=1 >/dev/null
	printf '%s\n' "port = $(port_of primary)" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' \
		>>"$PAIR/primary/postgresql.conf"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
	ini primary common.allow_restart=on
	run -0 pgrepl primary setup
	equal "$(sql primary "select sum(setting::bigint * case name when 'wal_keep_size' then 1024 * 1024
		else pg_size_bytes(current_setting('wal_segment_size')) end) from pg_settings
		where name in ('wal_keep_segments', 'wal_keep_size')")" $((2 << 30))
}

@test "fewer slots than exist, or a wal_level below what they need, are refused, with the server up and down" {
	local slot state
	start_primary primary.settings.wal_level=logical
	restarted primary
	for slot in s1 s2; do
		sql primary "select pg_create_physical_replication_slot('$slot')"
	done
	sql primary "select pg_create_logical_replication_slot('cdc', 'pgoutput')"
	sql primary "select pg_create_physical_replication_slot('gone', false, true)"
	for state in up down; do
		ini primary common.allow_restart=on primary.settings.max_replication_slots=2
		refused_unchanged 'error: max_replication_slots = 2 is too low: the cluster has 3 replication slots' \
			'hint: Correct max_replication_slots in section \[primary.settings\]'
		ini primary common.allow_restart=on primary.settings.wal_level=replica
		refused_unchanged 'error: wal_level = replica is too low for the logical replication slot "cdc"' 'hint: .*pg_drop_replication_slot'
		ini primary common.allow_restart=on primary.settings.wal_level=minimal
		refused_unchanged 'error: wal_level = minimal is too low' 'hint: Correct wal_level'
		[ $state = down ] || stop primary
	done
	ini primary common.allow_restart=on primary.settings.max_replication_slots=3
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_replication_slots) $(setting_of primary wal_level)" '3 logical'
}

@test "fewer prepared transactions than are open are refused, with the server up and down" {
	local id
	by_hand primary 'max_prepared_transactions = 5' 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary 'create table t (i int)'
	for id in 1 2; do
		sql primary "begin; insert into t values ($id); prepare transaction 'p$id'"
	done
	ini primary common.allow_restart=on primary.settings.max_prepared_transactions=1
	refused_unchanged 'error: max_prepared_transactions = 1 is too low: the cluster has 2 prepared transactions' \
		'hint: Correct max_prepared_transactions .*ROLLBACK PREPARED'
	stop primary
	refused_unchanged 'error: max_prepared_transactions = 1 is too low'
	ini primary common.allow_restart=on
	run -0 pgrepl primary setup
	equal "$(setting_of primary max_prepared_transactions)" 5
	sql primary "rollback prepared 'p1'"
	sql primary "rollback prepared 'p2'"
}

@test "an adopted standby keeps its slot and what its owner has chosen" {
	start_primary
	sql primary "select pg_create_physical_replication_slot('mine')"
	start_standby standby
	printf '%s\n' "max_standby_streaming_delay = '1h'" 'hot_standby_feedback = off' 'max_connections = 2000' \
		"primary_slot_name = 'mine'" >>"$PAIR/standby/postgresql.conf"
	restarted standby
	run -0 pgrepl standby setup
	restarted standby
	equal "$(setting_of standby primary_slot_name)" mine
	equal "$(setting_of standby max_standby_streaming_delay)" 3600000
	equal "$(setting_of standby hot_standby_feedback)" off
	equal "$(setting_of standby max_connections)" 2000
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "the lines that setup reads are those that the server reads" {
	local file=$PAIR/primary/postgresql.conf
	by_hand primary
	as_server mkdir "$PAIR/primary/sub" "$PAIR/primary/sub/d"
	printf '%s\n' "max_connections=101" "Include_If_Exists = 'sub/none'" "include 'sub/one'" "include_dir sub/d" >>"$file"
	printf 'WAL_LEVEL\t=logical#x\r\n  max_wal_senders \047 60\047\n' >"$PAIR/primary/sub/one"
	printf "include '../two.conf'\n" >"$PAIR/primary/sub/d/a.conf"
	printf 'max_connections = 150\n' >"$PAIR/primary/sub/d/.b.conf"
	printf 'max_replication_slots = \047\\065\\060\047' >"$PAIR/primary/sub/two.conf"
	chown -R --reference="$file" "$PAIR/primary/sub"
	restarted primary
	ini primary common.tls=off
	run -0 pgrepl primary setup
	restarted primary
	equal "$(setting_of primary max_connections) $(setting_of primary max_wal_senders) $(setting_of primary max_replication_slots) $(setting_of primary wal_level)" \
		'101 60 50 logical'
	lacks 'max_|wal_level' <"$PAIR/primary/pgrepl.conf"
}

@test "a parameter that is spelt in capitals is not taken for one that needs a restart, reload after reload" {
	by_hand primary 'MAX_WAL_SENDERS = 20' 'Max_Connections = 50' 'wal_LEVEL = replica'
	ini primary common.allow_restart=on
	pgrepl primary setup
	ini primary common.allow_restart=off primary.settings.work_mem=5MB
	run -0 pgrepl primary setup
	contains 'work_mem: .* -> 5MB' <<<"$output"
	equal "$(sql primary 'select name from pg_settings where pending_restart')" ''
	contains '^MAX_WAL_SENDERS = ' <"$PAIR/primary/pgrepl.conf"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

@test "the ini may name retained WAL as any major does, by segments or by size" {
	local name value given
	[ "$PGMAJOR" = 12 ] && name=wal_keep_segments || name=wal_keep_size
	start_primary
	while read -r given value; do
		ini primary primary.settings."$given"
		pgrepl primary setup
		equal "$given: $(setting_of primary "$name")" "$given: $value"
		run -0 pgrepl primary setup
		contains 'nothing to do$' <<<"$output"
	done < <(if [ "$PGMAJOR" = 12 ]; then
		printf '%s\n' wal_keep_size=4GB\ 256 wal_keep_size=3000\ 188 WAL_keep_size=3GB\ 192 wal_keep_segments=200\ 200
	else
		printf '%s\n' wal_keep_segments=256\ 4096 WAL_Keep_Segments=0x81\ 2064 wal_keep_size=3GB\ 3072
	fi)
	# the name that the server has wins; and what is no number is refused, as by the server
	ini primary primary.settings.wal_keep_segments=300 primary.settings.wal_keep_size=5GB
	pgrepl primary setup
	[ "$PGMAJOR" = 12 ] && value=300 || value=5120
	equal "$(setting_of primary "$name")" "$value"
	for name in wal_keep_segments wal_keep_size; do
		ini primary primary.settings.$name=much
		run -78 pgrepl primary setup
		contains '^refused +settings tried' <<<"$output"
	done
}
