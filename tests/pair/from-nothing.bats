#!/usr/bin/env bats
# A pair from two ini files: each test looks at what the previous one has set up.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	pair_open
}

setup() { :; }

teardown() {
	explain
}

teardown_file() {
	pair_close
}

@test "a dry run on a fresh host shows what setup would do, and changes nothing" {
	local before
	ini primary primary.settings.log_connections=on
	before=$(listing)
	run -0 pgrepl primary setup --dry-run
	contains '^would +cluster +initdb' <<<"$output"
	contains '^would +server +start it' <<<"$output"
	contains 'nothing was changed$' <<<"$output"
	unchanged "$before" "$(listing)"
	no_process_of "$PAIR"
}

@test "a dry run on a standby whose primary is not up says so, and changes nothing" {
	local before
	ini standby standby.settings.log_connections=on
	before=$(listing)
	run -0 pgrepl standby setup --dry-run
	contains "^would +primary +wait for 127.0.0.1:$(port_of primary): Connection refused" <<<"$output"
	contains '^would +base backup +clone' <<<"$output"
	unchanged "$before" "$(listing)"
}

@test "a primary and a standby that are set up at the same time become a pair" {
	local primary standby
	pgrepl_in_background standby setup
	standby=$!
	pgrepl_in_background primary setup
	primary=$!
	wait "$primary"
	wait "$standby"
	contains 'steps changed, [0-9]+ already right' <"$PAIR/primary.out"
	contains '^changed  base backup' <"$PAIR/standby.out"
	contains "^(ok|changed) +streaming +from 127.0.0.1:$(port_of primary), walreceiver pid" <"$PAIR/standby.out"
	streams standby
}

@test "a row written on the primary can be read on the standby" {
	replicates primary standby
}

@test "the primary has checksums, UTF8 and its own data folder, and no staging folder is left" {
	equal "$(setting_of primary data_checksums)" on
	equal "$(sql primary "select distinct pg_encoding_to_char(encoding) from pg_database")" UTF8
	equal "$(setting_of primary data_directory)" "$PAIR/primary"
	[ ! -e "$PAIR/primary.pgrepl-staging" ]
}

@test "the primary has the guide's settings, and they come from pgrepl.conf" {
	local name
	equal "$(setting_of primary listen_addresses)" '*'
	equal "$(setting_of primary port)" "$(port_of primary)"
	equal "$(setting_of primary max_connections)" 100
	equal "$(setting_of primary wal_level)" replica
	equal "$(setting_of primary synchronous_commit)" on
	equal "$(setting_of primary synchronous_standby_names)" ''
	equal "$(setting_of primary max_wal_senders)" 32
	equal "$(setting_of primary max_replication_slots)" 32
	equal "$(setting_of primary wal_sender_timeout)" 60000
	equal "$(setting_of primary shared_buffers)" 1024
	for name in listen_addresses port max_connections wal_level max_wal_senders max_replication_slots wal_sender_timeout; do
		equal "$(sql primary "select sourcefile from pg_settings where name = '$name'")" "$PAIR/primary/pgrepl.conf"
	done
	equal "$(sql primary 'select count(*) from pg_file_settings where error is not null')" 0
}

@test "the primary keeps 2 GB of WAL, by the parameter that its major version has for that" {
	if [ "$PGMAJOR" = 12 ]; then
		equal "$(setting_of primary wal_keep_segments)" 128
	else
		equal "$(setting_of primary wal_keep_size)" 2048
	fi
}

@test "replication is let in before the first TCP rule, applications after the last, and the server accepts both" {
	local rules=$PAIR/primary/pg_hba.conf begin first
	equal "$(grep -c '^# BEGIN pgrepl' "$rules")" 2
	equal "$(grep -c '^# END pgrepl' "$rules")" 2
	begin=$(grep -n '^# BEGIN pgrepl' "$rules" | head -n 1 | cut -d: -f1)
	first=$(grep -n '^host' "$rules" | head -n 1 | cut -d: -f1)
	equal "$first" "$((begin + 1))"
	tail -n 1 "$rules" | contains '^# END pgrepl'
	equal "$(sql primary 'select count(*) from pg_hba_file_rules where error is not null')" 0
	equal "$(sql primary "select type, database, user_name, address, netmask, auth_method from pg_hba_file_rules
		where type = 'hostssl' order by line_number")" \
		"hostssl|{replication}|{replica}|samehost||scram-sha-256
hostssl|{replication}|{replica}|127.0.0.0|255.0.0.0|scram-sha-256
hostssl|{replication}|{replica}|::1|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|scram-sha-256
hostssl|{all}|{all}|127.0.0.0|255.0.0.0|scram-sha-256
hostssl|{all}|{all}|::1|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|scram-sha-256"
}

@test "the replication role can log in and replicate, has no other attribute, and its password is a SCRAM verifier" {
	equal "$(sql primary "select rolcanlogin, rolreplication, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls
		from pg_roles where rolname = 'replica'")" 't|t|f|f|f|f'
	sql primary "select rolpassword from pg_authid where rolname = 'replica'" | contains '^SCRAM-SHA-256\$[0-9]+:'
}

@test "the superuser has no password when the ini has none" {
	equal "$(sql primary 'select count(*) from pg_authid where rolsuper and rolpassword is not null')" 0
}

@test "the standby has standby.signal, is in recovery, and has the primary's system identifier" {
	[ -e "$PAIR/standby/standby.signal" ]
	[ ! -e "$PAIR/standby/recovery.conf" ]
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	equal "$(sql standby 'select pg_is_in_recovery()')" t
	equal "$(sql standby 'select system_identifier from pg_control_system()')" \
		"$(sql primary 'select system_identifier from pg_control_system()')"
}

@test "primary_conninfo names the passfile and has no password" {
	local conninfo
	conninfo=$(setting_of standby primary_conninfo)
	contains "host='127.0.0.1' port='$(port_of primary)' user='replica' passfile='$PAIR/standby.pgpass'" <<<"$conninfo"
	contains "application_name='standby' sslmode='require'" <<<"$conninfo"
	lacks 'password=' <<<"$conninfo"
	equal "$(sql standby "select sourcefile from pg_settings where name = 'primary_conninfo'")" "$PAIR/standby/pgrepl.conf"
	lacks 'primary_conninfo' <"$PAIR/standby/postgresql.auto.conf"
}

@test "the standby has the guide's settings" {
	equal "$(setting_of standby max_connections)" 1000
	equal "$(setting_of standby hot_standby)" on
	equal "$(setting_of standby max_standby_streaming_delay)" 30000
	equal "$(setting_of standby wal_receiver_status_interval)" 1
	equal "$(setting_of standby hot_standby_feedback)" on
	equal "$(setting_of standby recovery_target_timeline)" latest
	equal "$(setting_of standby port)" "$(port_of standby)"
}

@test "every file belongs to the server's user, and nobody else has access to it" {
	local name user
	user=$(stat -c %U "$PAIR/primary/PG_VERSION")
	for name in primary standby; do
		equal "$(stat -c %a "$PAIR/$name")" 700
		equal "$(find "$PAIR/$name" ! -user "$user" -o -perm /0077 ! -type l)" ''
		equal "$(stat -c %a "$PAIR/$name"/{pgrepl.conf,pg_hba.conf,server.key} | sort -u)" 600
	done
	equal "$(stat -c '%U %a' "$PAIR/standby.pgpass")" "$user 600"
}

@test "verify on the primary shows the role, and that the standby has replayed the WAL written up to now" {
	run -0 pgrepl primary verify
	contains "^ok +replication login +\"replica\" on 127.0.0.1:$(port_of primary): IDENTIFY_SYSTEM says" <<<"$output"
	contains '^ok +replication role +"replica": LOGIN, REPLICATION, SCRAM verifier$' <<<"$output"
	contains '^ok +replayed +[0-9A-F]+/[0-9A-F]+ on every standby \(1\)' <<<"$output"
}

@test "verify on the standby shows the login, the walreceiver, the primary's system identifier and the replay position" {
	run -0 pgrepl standby verify
	contains '^ok +replication login' <<<"$output"
	contains '^ok +walreceiver +pid [0-9]+, streaming' <<<"$output"
	contains "^ok +system identifier +$(sql primary 'select system_identifier from pg_control_system()')" <<<"$output"
	contains '^ok +replayed +[0-9A-F]+/[0-9A-F]+' <<<"$output"
}

@test "status on the primary prints one line per walsender, with its pid" {
	run -0 pgrepl primary status
	contains '^role: primary$' <<<"$output"
	contains "on port $(port_of primary), data in $PAIR/primary\$" <<<"$output"
	contains '^replication: asynchronous$' <<<"$output"
	contains "^  pid $(sql primary 'select pid from pg_stat_replication')  standby  127.0.0.1  streaming  async" <<<"$output"
}

@test "status on the standby shows the walreceiver, with its pid" {
	run -0 pgrepl standby status
	contains '^role: standby$' <<<"$output"
	contains "^upstream: 127.0.0.1:$(port_of primary)\$" <<<"$output"
	contains "^walreceiver: pid $(sql standby 'select pid from pg_stat_wal_receiver'), streaming" <<<"$output"
}

@test "status --json prints one object that a program can read, on the primary and on the standby" {
	need jq
	run -0 --separate-stderr pgrepl primary status --json
	equal "$(jq -r '[.role, .port, .in_recovery, .replication, .standbys[0].application_name, .standbys[0].state] | @csv' <<<"$output")" \
		"\"primary\",$(port_of primary),false,\"asynchronous\",\"standby\",\"streaming\""
	equal "$(jq .standbys[0].pid <<<"$output")" "$(sql primary 'select pid from pg_stat_replication')"
	equal "$(jq -r .system_identifier <<<"$output")" "$(sql primary 'select system_identifier from pg_control_system()')"
	run -0 --separate-stderr pgrepl standby status --json
	equal "$(jq -r '[.role, .streaming, .wal_receiver.status, .wal_receiver.sender_port] | @csv' <<<"$output")" \
		"\"standby\",true,\"streaming\",$(port_of primary)"
	equal "$(jq .wal_receiver.pid <<<"$output")" "$(sql standby 'select pid from pg_stat_wal_receiver')"
}

# calls_of NAME CALL [REGEX]: how often the traced setup made the system call with such arguments.
calls_of() {
	grep -cE "^[0-9]+ +$2\($3" "$PAIR/$1.trace" || :
}

# setup_changes_nothing NAME: and asks nothing of the disk except for its own lock. The only programs
# executed are setup itself and the server, for its version.
setup_changes_nothing() {
	local before
	before=$(configuration_of "$1")
	traced "$1" "$PAIR/$1.trace" -e trace=execve,openat,open,rename,renameat,renameat2,fsync,fdatasync,sync,syncfs
	wait "$!"
	contains "^pgrepl-$1: nothing to do\$" <"$PAIR/$1.out"
	lacks '^(changed|refused|failed)' <"$PAIR/$1.out"
	unchanged "$before" "$(configuration_of "$1")"
	eventually trace_is_whole "$PAIR/$1.trace"
	cat "$PAIR/$1.trace"
	equal "$(calls_of "$1" execve)" 2
	equal "$(calls_of "$1" 'open(at)?' '.*O_CREAT')" 1
	equal "$(calls_of "$1" '(f?(data)?sync|syncfs|rename(at2?)?)')" 0
}

@test "a second setup of the primary finds nothing to do: it runs one program, connects twice and changes no byte" {
	local pid connections
	need strace
	pid=$(pid_of primary)
	connections=$(connections_of primary)
	setup_changes_nothing primary
	# as the superuser, and as a standby does
	equal "$(connections_of primary)" $((connections + 2))
	equal "$(pid_of primary)" "$pid"
}

@test "a second setup of the standby finds nothing to do: it runs one program, connects three times and changes no byte" {
	local pid connections to_primary
	need strace
	pid=$(pid_of standby)
	connections=$(connections_of standby)
	to_primary=$(connections_of primary)
	setup_changes_nothing standby
	# before the steps, and at the end to see how far behind the standby is
	equal "$(connections_of primary)" $((to_primary + 2))
	equal "$(connections_of standby)" $((connections + 1))
	equal "$(pid_of standby)" "$pid"
}

@test "a dry run on the pair finds nothing to do" {
	local before name
	for name in primary standby; do
		before=$(configuration_of "$name")
		run -0 pgrepl "$name" setup --dry-run
		contains "^pgrepl-$name: nothing to do\$" <<<"$output"
		lacks '^would' <<<"$output"
		unchanged "$before" "$(configuration_of "$name")"
	done
}

@test "an edited ini is applied to the running server" {
	local pid
	pid=$(pid_of primary)
	ini primary primary.settings.log_connections=on primary.settings.work_mem=7MB
	run -0 pgrepl primary setup --dry-run
	contains '^would +settings +write' <<<"$output"
	equal "$(setting_of primary work_mem)" 4096
	run -0 pgrepl primary setup
	contains '^changed +settings in force' <<<"$output"
	equal "$(setting_of primary work_mem)" 7168
	equal "$(pid_of primary)" "$pid"
}

@test "a stopped server is started again, and there is nothing else to do" {
	stop standby
	run -75 pgrepl standby status
	run -0 pgrepl standby setup
	contains '^changed +server' <<<"$output"
	contains ': (1 step|2 steps) changed' <<<"$output"
	replicates primary standby
}

has_no_walsender() {
	equal "$(sql primary 'select count(*) from pg_stat_replication')" 0
}

@test "verify on a primary whose standby is gone says so, and exits with 75: a retry may succeed" {
	stop standby
	eventually has_no_walsender
	# the walsender of its own login may linger for a moment, but has to be gone at the end
	run -75 pgrepl primary verify --timeout 2s
	contains 'error: no standby streams from this host' <<<"$output"
	contains 'hint: ' <<<"$output"
}

@test "status of a stopped server exits with 75 and says why" {
	run -75 pgrepl standby status --json
	contains "error: no server runs on \"$PAIR/standby\"" <<<"$output"
}
