#!/usr/bin/env bats
# Adopting and cloning primaries with generated configurations. PGREPL_GENERATED=200 tries that many (by default 4);
# PGREPL_SEED=N repeats one.

# a seed is set in the test itself, and all that draws from it runs there
# shellcheck disable=SC2030,SC2031
load ../lib/pair

# A parameter per line, with values that are legal together in every combination: what setup has rules for, and
# others that it has to leave alone.
parameters() {
	local keep='wal_keep_size 0 16 512MB 2GB 2048 2097152kB 3GB 1TB'
	[ "$PGMAJOR" != 12 ] || keep='wal_keep_segments 0 1 127 128 0x80 129 5000'
	cat <<-END
		max_connections 20 99 100 0x65 250 150.0
		max_wal_senders 1 31 32 040 33 100
		max_replication_slots 5 31 32 0x21 64
		max_worker_processes 8 20
		max_prepared_transactions 0 3 100
		max_locks_per_transaction 64 100
		$keep
		wal_level replica logical archive hot_standby Logical
		synchronous_commit on off local remote_write
		synchronous_standby_names s1 "ANY 1 (*)" "FIRST 1 (a, \"b c\")"
		wal_sender_timeout 0 60s 1min 5min 61000
		password_encryption md5 scram-sha-256
		hot_standby on off yes
		listen_addresses * localhost 127.0.0.1 0.0.0.0
		hot_standby_feedback on off
		max_standby_streaming_delay 30s -1 1h
		work_mem 64kB 4MB 100MB
		log_min_messages warning notice
		shared_buffers 8MB 1024 16MB
		datestyle "iso, dmy" "iso, mdy"
		log_line_prefix "%m [%p] " "it's # %q"
		custom.setting some "it's \\ this"
	END
}

# line NAME VALUE: one of the forms in which the file can say it.
line() {
	local name=$1 value=$2 quote="''" equals=(' = ' '=' ' ' $'\t=\t') ends=('' '  # a comment' $'\r' ' #x = 1')
	((RANDOM % 3)) || name=${name^^}
	((RANDOM % 4)) || name="  $name"
	if [[ $value =~ [^A-Za-z0-9_] ]] || ((RANDOM % 2)); then
		value=${value//\\/\\\\}
		((RANDOM % 2)) || quote="\\'"
		value="'${value//\'/$quote}'"
	fi
	printf '%s%s%s%s\n' "$name" "${equals[RANDOM % 4]}" "$value" "${ends[RANDOM % 4]}"
}

# generate: a configuration in $PAIR/primary, some of it included and some by ALTER SYSTEM.
generate() {
	local row name values places=(postgresql.conf one.conf sub/two sub/d/a.conf sub/d/b.conf postgresql.auto.conf) value times
	as_server mkdir -p "$PAIR/primary/sub/d"
	touch "$PAIR/primary"/{one.conf,sub/two,sub/d/{a,b}.conf}
	{
		printf '%s\n' "port = $(port_of primary)" "unix_socket_directories = '$PAIR'" "shared_buffers = 8MB"
		printf "include 'one.conf'\n"
		printf "Include_Dir = 'sub/d'\r\n"
	} >>"$PAIR/primary/postgresql.conf"
	printf "include_if_exists 'sub/none'\nINCLUDE 'sub/two' # below\n" >>"$PAIR/primary/one.conf"
	while IFS= read -r row; do
		set -f
		eval "values=($row)"
		set +f
		name=${values[0]}
		for ((times = RANDOM % 4; times > 0; times--)); do
			value=${values[1 + RANDOM % (${#values[@]} - 1)]}
			line "$name" "$value" >>"$PAIR/primary/${places[RANDOM % ${#places[@]}]}"
		done
	done < <(parameters)
	chown -R --reference="$PAIR/primary/PG_VERSION" "$PAIR/primary"
}

# settings_in_force [NAME]
settings_in_force() {
	sql "${1:-primary}" "select name, setting from pg_settings where name !~ '^(transaction_|in_hot_standby|shared_memory_size|lc_messages\$)' order by 1"
}

# rank NAME VALUE: as a number, for those that have to be at least what they were.
rank() {
	case $2 in
	minimal | off) echo 0 ;;
	replica | on) echo 1 ;;
	logical) echo 2 ;;
	*) echo "$2" ;;
	esac
}

# never_worse BEFORE AFTER
never_worse() {
	local name was is
	while IFS='|' read -r name was; do
		is=$(sed -n "s/^$name|//p" <<<"$2")
		[ "$is" != "$was" ] || continue
		case $name in
		max_connections | max_wal_senders | max_replication_slots | wal_keep_size | wal_keep_segments | wal_level | ssl)
			[ "$(rank "$name" "$is")" -gt "$(rank "$name" "$was")" ]
			;;
		password_encryption)
			# only if nobody had set it
			! grep -qi '^ *password_encryption' <<<"$configured"
			;;
		*) false ;;
		esac || {
			printf 'seed %s: %s was %s and is %s\n' "$seed" "$name" "$was" "$is"
			return 1
		}
	done <<<"$1"
}

# let_in: what somebody does who makes a primary by hand.
let_in() {
	sql primary "set synchronous_commit = local; create role replica login replication password '$(<"$PAIR/password")'"
	sed -i '1i host replication replica 127.0.0.0/8 trust' "$PAIR/primary/pg_hba.conf"
	sql primary 'select pg_reload_conf()'
}

# cloned_well: the standby has the primary's settings, but for those that have to be its own and, in our file,
# those that a standby has of its own or must not have less of.
cloned_well() {
	local name here ours there
	there=$(settings_in_force primary)
	while IFS='|' read -r name here ours; do
		[ "$(sed -n "s/^$name|//p" <<<"$there")" != "$here" ] || continue
		case $ours:$name in
		f:config_file | f:data_directory | f:hba_file | f:ident_file) ;;
		# derived from shared_buffers
		f:wal_buffers) ;;
		# a standby's own
		t:port | t:primary_conninfo | t:shared_buffers | t:hot_standby | t:hot_standby_feedback | t:max_standby_streaming_delay) ;;
		t:wal_receiver_status_interval | t:wal_sender_timeout) ;;
		# an address of the primary need not be one of this host
		t:listen_addresses) ;;
		# what a new cluster gets: only a primary needs others, and its own setup sees to that
		t:password_encryption | t:synchronous_commit | t:synchronous_standby_names) ;;
		t:max_* | t:wal_keep_* | t:wal_level)
			[ "$(rank "$name" "$here")" -gt "$(rank "$name" "$(sed -n "s/^$name|//p" <<<"$there")")" ]
			;;
		*) false ;;
		esac || {
			printf 'seed %s: %s is %s on the standby (ours: %s), but on the primary %s\n' "$seed" "$name" "$here" \
				"$ours" "$(sed -n "s/^$name|//p" <<<"$there")"
			return 1
		}
	done < <(sql standby "select name, setting, coalesce(sourcefile like '%/pgrepl.conf', false) from pg_settings
		where name !~ '^(transaction_|in_hot_standby|shared_memory_size|lc_messages\$)' order by 1")
}

@test "an adopted primary with a generated configuration is never worse after setup and a restart" {
	local seed before configured left tried=0 refused=0 keys
	for ((left = ${PGREPL_GENERATED:-4}, seed = ${PGREPL_SEED:-RANDOM}; left > 0; left--, seed++)); do
		RANDOM=$seed
		keys=()
		pair_close
		pair_open
		prepare primary make_by_hand
		generate
		configured=$(cat "$PAIR/primary"/*.conf "$PAIR/primary"/sub/two "$PAIR/primary"/sub/d/* | grep -v '^#')
		pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
		before=$(settings_in_force)
		[ $((seed % 2)) = 0 ] || stop primary
		ini primary common.allow_restart=on primary.settings.shared_buffers=
		run pgrepl primary setup
		if [ "$status" = 78 ]; then
			# a value that is too low, where only its owner can change it: nothing was written
			contains 'error: "[a-z_]+" is overridden by postgresql.auto.conf' <<<"$output"
			[ ! -e "$PAIR/primary/pgrepl.conf" ]
			refused=$((refused + 1))
			[ $((seed % 2)) = 0 ] || pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
			never_worse "$before" "$(settings_in_force)"
			let_in
			keys=(common.tls=off)
		else
			equal "seed $seed: $status" "seed $seed: 0"
			never_worse "$before" "$(settings_in_force)"
			pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w restart
			never_worse "$before" "$(settings_in_force)"
			run -0 pgrepl primary setup
			contains 'nothing to do$' <<<"$output"
		fi
		ini standby "${keys[@]}"
		if [ "$(setting_of primary max_wal_senders)" -lt 2 ]; then
			run -78 pgrepl standby setup
			contains 'a clone needs 2$' <<<"$output"
		else
			pgrepl standby setup
			cloned_well
			pg_ctl -D "$PAIR/standby" -l "$PAIR/standby.log" -w restart
			run -0 pgrepl standby setup
			contains 'nothing to do$' <<<"$output"
		fi
		tried=$((tried + 1))
	done
	echo "# $tried configurations, $refused of them refused" >&3
	[ $refused -lt $tried ] || [ $tried -lt 4 ]
}

# What was meant for the primary's host, with values that it runs with.
of_the_primary() {
	# two of them would keep the primary itself from starting
	local targets=('recovery_target_time "2020-01-01 00:00:00+00"' 'recovery_target immediate' 'recovery_target_lsn 0/1000000'
		'recovery_target_name past' 'recovery_target_xid 600')
	cat <<-END
		hba_file $PAIR/etc/hba.conf
		ident_file $PAIR/etc/ident.conf
		log_directory $PAIR/etc ../log log pg_log
		log_filename pg.log ../x.log
		archive_mode off always on ALWAYS
		archive_command false true "cp %p $PAIR/etc/%f"
		archive_cleanup_command false "rm -r $PAIR/etc"
		restore_command false "sleep 600"
		recovery_end_command false
		recovery_min_apply_delay 0 1h 3600000 2d
		${targets[RANDOM % 5]}
		recovery_target_inclusive off of YES
		recovery_target_action promote shutdown pause
		primary_slot_name gone
		ssl_crl_file $PAIR/etc/crl missing.crl
		ssl_passphrase_command false
		ssl_dh_params_file missing.dh
		zero_damaged_pages on off of f NO 0
		ignore_system_indexes y 0 n False off
	END
}

# generate_past: those, anywhere, and files that other servers have left.
generate_past() {
	local row name values value times count places=(primary/postgresql.conf primary/sub/d/a.conf primary/sub/d/b.conf
		primary/one.conf primary/postgresql.auto.conf etc/out.conf)
	as_server mkdir -p "$PAIR/primary/sub/d" "$PAIR/etc"
	as_server sh -c "printf '%s\n' 'local all all trust' 'host replication all samehost trust' >'$PAIR/etc/hba.conf'
		cd '$PAIR/primary'; touch '$PAIR/etc/ident.conf' '$PAIR/etc/out.conf' one.conf sub/d/a.conf sub/d/b.conf recovery.done"
	printf '%s\n' "port = $(port_of primary)" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' "INCLUDE 'one.conf'" \
		"include '$PAIR/etc/out.conf'" "include_dir = 'sub/d'" >>"$PAIR/primary/postgresql.conf"
	while IFS= read -r row; do
		eval "values=($row)"
		name=${values[0]}
		count=${#places[@]}
		# a file of this host's that says so means it
		# nor is one of several targets put right by another
		case $name in hba_file | ident_file | recovery_target_*) count=$((count - 1)) ;; esac
		for ((times = RANDOM % 4; times > 0; times--)); do
			value=${values[1 + RANDOM % (${#values[@]} - 1)]}
			line "$name" "$value" >>"$PAIR/${places[RANDOM % count]}"
		done
	done < <(of_the_primary)
}

# has_nothing_of_its_primary: the standby's settings, with what the primary's host had.
has_nothing_of_its_primary() {
	equal "$(sql standby "select name, setting from pg_settings where name in ('data_directory', 'hba_file', 'ident_file',
			'archive_mode', 'archive_command', 'archive_cleanup_command', 'restore_command', 'recovery_end_command',
			'recovery_min_apply_delay', 'recovery_target', 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_time', 'recovery_target_xid', 'recovery_target_inclusive', 'recovery_target_action',
			'primary_slot_name', 'ssl_crl_file', 'ssl_passphrase_command', 'ssl_dh_params_file', 'zero_damaged_pages',
			'ignore_system_indexes', 'log_directory', 'log_filename')
		and setting not in ('', 'off', '(disabled)', '0', 'log', 'pg_log', 'pg.log', 'postgresql-%Y-%m-%d_%H%M%S.log')
		and (name, setting) not in (('recovery_target_inclusive', 'on'), ('recovery_target_action', 'pause'))
		and setting not like '$PAIR/standby%' order by 1")" ''
}

@test "a clone of a primary with a generated configuration has nothing of its primary's host" {
	local seed left refused=0 tried=0 damage etc
	for ((left = ${PGREPL_GENERATED:-4}, seed = ${PGREPL_SEED:-RANDOM}; left > 0; left--, seed++)); do
		RANDOM=$seed
		pair_close
		pair_open
		prepare primary make_by_hand
		generate_past
		pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
		sql primary "create role replica login replication password '$(<"$PAIR/password")'"
		damage=$(sql primary "select count(*) from pg_settings where name in ('zero_damaged_pages', 'ignore_system_indexes') and setting = 'on'")
		etc=$(cat "$PAIR"/etc/*.conf)
		ini standby common.tls=off common.start_timeout=30s
		run pgrepl standby setup
		if [ "$damage" -gt 0 ]; then
			equal "seed $seed: $status" "seed $seed: 78"
			contains 'a standby would hide damage' <<<"$output"
			refused=$((refused + 1))
		else
			equal "seed $seed: $status" "seed $seed: 0"
			has_nothing_of_its_primary
			streams standby
			[ ! -e "$PAIR/standby/recovery.done" ]
			run -0 pgrepl standby setup
			contains 'nothing to do$' <<<"$output"
		fi
		equal "$(cat "$PAIR"/etc/*.conf)" "$etc"
		tried=$((tried + 1))
	done
	echo "# $tried configurations, $refused of them refused" >&3
}
