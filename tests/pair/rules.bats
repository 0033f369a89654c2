#!/usr/bin/env bats
# The access rules of a primary that was created by hand: ours override nobody else's.
# shellcheck disable=SC1003 # a backslash at the end of a line is what some tests are about
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ] && [ -e "$PAIR/generated" ]; then
		cat -A "$PAIR/generated"
		printf -- '--- after setup, which said:\n'
		cat "$PAIR/primary/pg_hba.conf" "$PAIR/said"
	fi
	explain
	pair_close
}

# rules [LINE]...: the file that the running server will read, with these lines.
rules() {
	printf '%s\n' 'local all all trust' "$@" >"$PAIR/primary/pg_hba.conf"
	pg_ctl -D "$PAIR/primary" reload
}

# adopt [SECTION.KEY=VALUE]...
adopt() {
	ini primary common.allow_restart=on "$@"
	pgrepl primary setup
}

# What stands in the file for TCP, as the server reads it.
seen() {
	sql primary "select type, database, user_name, address, auth_method from pg_hba_file_rules
		where type <> 'local' order by line_number"
}

# log_in USER DATABASE [KEYWORD=VALUE]...: over TLS, with the password "pw".
log_in() {
	local user=$1 database=$2
	shift 2
	env PGPASSWORD=pw "$PG/bin/psql" -XAtc 'select 1' \
		"host=127.0.0.1 port=$(port_of primary) user=$user dbname=$database sslmode=require $*"
}

ours_for_loopback() {
	printf '%s\n' "hostssl|{$1}|{$2}|127.0.0.0|scram-sha-256" "hostssl|{$1}|{$2}|::1|scram-sha-256"
}

# --- rules for others -----------------------------------------------------------------------------

@test "a login that was rejected, that needed a certificate or that used an md5 hash is treated as before" {
	by_hand primary "password_encryption = 'md5'"
	sql primary "create role old login password 'pw'" -c "set password_encryption = 'scram-sha-256'" \
		-c "create role app login password 'pw'" -c "create role stranger login password 'pw'"
	rules 'hostssl postgres app 127.0.0.1/32 scram-sha-256 clientcert=verify-ca' \
		'host postgres old 127.0.0.0/8 md5' 'host all all 0.0.0.0/0 reject'
	for access in off on; do
		adopt primary.application_access="$access"
		equal "$(log_in old postgres)" 1
		run -2 log_in app postgres
		contains 'certificate' <<<"$output"
		run -2 log_in stranger postgres
		contains 'pg_hba.conf rejects connection' <<<"$output"
	done
	start_standby standby
	streams standby
}

@test "a rule that a comment has swallowed stays a part of it" {
	[ "$PGMAJOR" -ge 14 ] || skip 'a backslash continues a line from PostgreSQL 14 on'
	local comment='# switched off \'
	by_hand primary
	rules "$comment" 'host all all 127.0.0.1/32 trust' 'host replication old \' '127.0.0.1/32 md5' '# the end \'
	adopt
	equal "$(seen)" "host|{replication}|{old}|127.0.0.1|md5
hostssl|{replication}|{replica}|127.0.0.1|scram-sha-256
$(ours_for_loopback replication replica)
$(ours_for_loopback postgres replica)"
	grep -A 1 -F "$comment" "$PAIR/primary/pg_hba.conf" | contains '^host all all 127.0.0.1/32 trust$'
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

# rules_become STATE APPLICATION_ACCESS: what setup says of its step, and whether every login is decided as it should be.
rules_become() {
	ini primary common.allow_restart=on primary.standby_networks='10.1.0.0/24, fd00:1::/64' \
		primary.application_access="$2"
	# a rule may keep this host from logging in to itself: that comes after
	pgrepl primary setup >"$PAIR/said" 2>&1 || contains '^refused +replication login' <"$PAIR/said"
	contains "^$1 +access rules" <"$PAIR/said"
	equal "$(sql primary "select look('after'); select line_number, error from pg_hba_file_rules where type is null;
		select 'others differ' where others('before') <> others('after'); select * from wrong('$2')")" ''
}

# generated SEED: adopts a generated file, and looks for rules that are not as before, and for logins that another
# rule decides.
generated() {
	local access=off other=on
	echo "seed $1"
	[ $(($1 % 2)) = 0 ] || access=on other=off
	"$BATS_TEST_DIRNAME/../lib/hba-generate" -v seed="$1" -v major="$PGMAJOR" >"$PAIR/primary/pg_hba.conf"
	cp "$PAIR/primary/pg_hba.conf" "$PAIR/generated"
	equal "$(sql primary "select look('before'); select line_number, error from pg_hba_file_rules where type is null")" ''
	rules_become changed "$access"
	[ $(($1 % 5)) = 0 ] || return 0
	cp "$PAIR/primary/pg_hba.conf" "$PAIR/once"
	rules_become ok "$access"
	cmp "$PAIR/primary/pg_hba.conf" "$PAIR/once"
	rules_become changed "$other"
	rules_become changed "$access"
	cmp "$PAIR/primary/pg_hba.conf" "$PAIR/once"
}

# 50 files per major, or those that PGREPL_TEST_SEEDS="FIRST LAST" names.
any_legal_file() {
	local first=$((PGMAJOR * 50)) seed
	by_hand primary
	printf '%s\n' appdb, '"Odd Db", all' | as_server tee "$PAIR/primary/dbs" >/dev/null
	echo 'app,+ops replica' | as_server tee "$PAIR/primary/users" >/dev/null
	echo '"replication" "all"' | as_server tee "$PAIR/primary/quoted" >/dev/null
	sql primary 'create role ops' -c 'create role app in role ops' -c 'create role replica in role ops'
	sql primary "$(<"$BATS_TEST_DIRNAME/../lib/hba-verdicts.sql")"
	adopt
	# shellcheck disable=SC2086 # two numbers
	for seed in $(seq ${PGREPL_TEST_SEEDS:-$first $((first + 49))}); do
		generated "$seed"
	done
}

@test "in any legal file, all other rules stay as they are, and decide about every login but those of our standbys" {
	any_legal_file
}

# --- where replication is let in ------------------------------------------------------------------

@test "replication is let in before a rule for all of it, and after those for a part of it" {
	by_hand primary
	rules 'host replication all 10.9.0.66/32 reject' 'host all all all md5' 'host "replication" all 10.9.0.0/16 md5' \
		'hostnossl replication all all reject' 'host replication all 10.9.0.0 255.255.0.0 reject' \
		'host replication all 10.9.0.67/32 reject'
	adopt primary.standby_networks=10.9.0.0/24
	equal "$(seen)" 'host|{replication}|{all}|10.9.0.66|reject
host|{all}|{all}|all|md5
host|{replication}|{all}|10.9.0.0|md5
hostnossl|{replication}|{all}|all|reject
hostssl|{replication}|{replica}|10.9.0.0|scram-sha-256
host|{replication}|{all}|10.9.0.0|reject
host|{replication}|{all}|10.9.0.67|reject
hostssl|{replication}|{replica}|127.0.0.1|scram-sha-256
hostssl|{postgres}|{replica}|10.9.0.0|scram-sha-256'
}

@test "with another role, or without TLS, the place of the former rules is not taken: who is rejected stays so" {
	local key role lines=('hostssl replication replica all md5' 'host replication other 10.9.0.66/32 reject'
		'hostnossl replication all 10.9.0.0/16 reject' 'host replication all all md5')
	by_hand primary
	for key in common.replication_user=other common.tls=off; do
		rules "${lines[@]}"
		adopt primary.standby_networks=10.9.0.0/24
		sed -n 3p "$PAIR/primary/pg_hba.conf" | contains '^hostssl replication "replica"'
		role=replica
		[ "$key" = common.tls=off ] || role=other
		adopt primary.standby_networks=10.9.0.0/24 "$key"
		equal "$(seen | cut -d '|' -f 3-4)" "{replica}|all
{other}|10.9.0.66
{all}|10.9.0.0
{$role}|127.0.0.1
{$role}|10.9.0.0
{all}|all
{$role}|10.9.0.0"
	done
}

@test "the rules of a cluster made with the distribution's defaults, ident on loopback, let a primary be adopted" {
	by_hand primary
	rules 'host all all 127.0.0.1/32 ident' 'local replication all peer' 'host replication all 127.0.0.1/32 ident' \
		'host replication all ::1/128 ident'
	adopt
	start_standby standby
	streams standby
}

@test "a rule that rejects this very host is not overridden: it is named by file and line" {
	by_hand primary
	rules 'host all all all md5' 'host replication replica 127.0.0.1/32 reject'
	ini primary common.allow_restart=on
	run -78 pgrepl primary setup
	contains '^refused +replication login' <<<"$output"
	contains "hint: The first access rule that matches it is $PAIR/primary/pg_hba.conf:3" <<<"$output"
	run -2 log_in replica postgres replication=true
}

@test "a rule that demands a certificate from the standbys is not overridden, and is named by file and line" {
	by_hand primary
	rules 'hostssl replication all 10.9.0.0/16 md5 clientcert=verify-full' 'host replication all all md5'
	ini primary common.allow_restart=on primary.standby_networks=10.9.0.0/24
	run -0 pgrepl primary setup
	contains "^changed +access rules +hostssl for 1 network; .*/pg_hba.conf:2 demands a certificate from 10.9.0.0/24\$" <<<"$output"
	seen | head -n 1 | contains '^hostssl\|\{replication\}\|\{all\}\|10.9.0.0\|md5$'
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

# with_16: what follows in this test is with a server of 16, whatever the clients.
with_16() {
	PGMAJOR=16
	PG=$("$BATS_TEST_DIRNAME/../lib/postgresql-tree" 16)
}

# file_with NAME LINE...: beside pg_hba.conf
file_with() {
	local name=$1
	shift
	printf '%s\n' "$@" | as_server tee "$PAIR/primary/$name" >/dev/null
}

# seen_by_file: where each rule for replication is, as 16 says it.
seen_by_file() {
	sql primary "select regexp_replace(file_name, '.*/', ''), type, user_name, address from pg_hba_file_rules
		where 'replication' = any (database) order by rule_number"
}

# bats test_tags=once
@test "from 16 on, included files count where they stand, and rules in them are named by file and line" {
	with_16
	by_hand primary
	as_server mkdir "$PAIR/primary/rules"
	file_with narrow.conf 'host replication all 10.9.0.66/32 reject'
	file_with wide.conf 'host all /^app all md5' 'host replication /^rep all md5'
	rules 'host all /. 10.0.0.0/8 md5' 'include narrow.conf' 'include_if_exists absent.conf' 'include wide.conf' \
		'host all all all reject'
	adopt primary.standby_networks=10.9.0.0/24
	equal "$(seen_by_file)" 'narrow.conf|host|{all}|10.9.0.66
pg_hba.conf|hostssl|{replica}|127.0.0.1
pg_hba.conf|hostssl|{replica}|10.9.0.0
wide.conf|host|{/^rep}|all'
	grep -B 3 '^include wide' "$PAIR/primary/pg_hba.conf" | contains '^# END pgrepl'
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	# in one folder: before the second rule would be before the first
	file_with rules/1.conf 'host replication all 10.9.0.66/32 reject'
	file_with rules/2.conf '' 'host replication all 10.9.0.0/24 reject'
	rules 'include_dir rules'
	run -0 pgrepl primary setup
	contains '^changed +access rules +.*/rules/2.conf:2 decides about 10.9.0.0/24$' <<<"$output"
	seen_by_file | head -n 2 | diff - <(printf '%s\n' '1.conf|host|{all}|10.9.0.66' '2.conf|host|{all}|10.9.0.0')
	file_with rules/3.conf 'host all everything'
	run -78 pgrepl primary setup
	contains 'error: .*/rules/3.conf:1 is not a valid access rule: ' <<<"$output"
}

# --- applications ---------------------------------------------------------------------------------

@test "application_access lets applications in after every other rule; left alone, it stays as it is" {
	by_hand primary
	sql primary "set password_encryption = 'scram-sha-256'" -c "create role app login password 'pw'"
	rules 'host replication all 10.0.0.1/32 md5'
	adopt
	run -2 log_in app postgres
	adopt primary.application_access=on
	equal "$(log_in app postgres)" 1
	# what somebody adds later still comes before
	echo 'host all all 127.0.0.1/32 reject' >>"$PAIR/primary/pg_hba.conf"
	run -0 adopt
	contains '^changed +access rules +.*, and for applications$' <<<"$output"
	seen | tail -n 2 | diff - <(ours_for_loopback all all)
	run -2 log_in app postgres
	contains 'rejects' <<<"$output"
	run -0 adopt
	contains 'nothing to do$' <<<"$output"
	adopt primary.application_access=off
	seen | tail -n 2 | diff - <(ours_for_loopback postgres replica)
	# without a server, a dry run takes the places that they have for right
	stop primary
	run -0 pgrepl primary setup --dry-run
	contains '^ok +access rules +hostssl for 2 networks$' <<<"$output"
}

@test "the block of an earlier version is split: what lets applications in moves to the end" {
	by_hand primary
	rules '# BEGIN pgrepl (from its ini file; "setup" writes this block again)' \
		'hostssl replication "replica" samehost scram-sha-256' \
		'hostssl all         all 127.0.0.0/8 scram-sha-256' \
		'hostssl replication "replica" 127.0.0.0/8 scram-sha-256' \
		'# END pgrepl' 'host all all 127.0.0.1/32 reject'
	adopt primary.standby_networks=127.0.0.0/8
	equal "$(seen)" 'hostssl|{replication}|{replica}|samehost|scram-sha-256
hostssl|{replication}|{replica}|127.0.0.0|scram-sha-256
host|{all}|{all}|127.0.0.1|reject
hostssl|{all}|{all}|127.0.0.0|scram-sha-256'
}

# --- files that are left alone --------------------------------------------------------------------

# refused_unchanged STEP REGEX: setup refuses, says this, and has not written its files.
refused_unchanged() {
	local before
	before=$(configuration_of primary)
	run -78 pgrepl primary setup
	contains "^refused +$1 " <<<"$output"
	contains "$2" <<<"$output"
	unchanged "$before" "$(configuration_of primary)"
}

@test "a file with an error is refused before anything is written, and before a restart that it would prevent" {
	local pid
	by_hand primary
	pid=$(pid_of primary)
	ini primary common.allow_restart=on
	rules 'host all all 10.0.0.0/8 md5' 'host all al'
	refused_unchanged 'valid access rules' \
		"error: $PAIR/primary/pg_hba.conf:3 is not a valid access rule: end-of-line before IP address"
	# one of the errors that only the log has, before 15
	rules 'host all all 10.0.0.0/8 radius radiusservers=127.0.0.1 radiussecrets="a, # b"'
	refused_unchanged 'valid access rules' "error: $PAIR/primary/pg_hba.conf:2 is not a valid access rule: "
	equal "$(pid_of primary)" "$pid"
}

@test "a NUL byte, or a rule of somebody else in our block, is refused before the file is written" {
	by_hand primary
	adopt
	rules '# BEGIN pgrepl' 'host all all all reject' '# END pgrepl'
	refused_unchanged 'access rules' "error: $PAIR/primary/pg_hba.conf:3: this rule is in a pgrepl block"
	rules
	printf '# \0\n' >>"$PAIR/primary/pg_hba.conf"
	refused_unchanged 'access rules' "error: .*pg_hba.conf\" is not a text file"
}

@test "if the server then reads another rule differently, the file is put back and nothing is reloaded" {
	local before
	by_hand primary 'allow_system_table_mods = on'
	rules 'host all intern 10.0.0.0/8 reject'
	before=$(<"$PAIR/primary/pg_hba.conf")
	# a server that loses a rule when the file has ours
	sql primary "create or replace view pg_catalog.pg_hba_file_rules as select * from pg_hba_file_rules()
		where user_name <> '{intern}' or pg_read_file('pg_hba.conf') !~ 'BEGIN pgrepl'"
	ini primary common.allow_restart=on
	run -78 pgrepl primary setup
	contains '^failed +access rules' <<<"$output"
	contains 'error: .*the server reads others differently' <<<"$output"
	contains 'hint: The file has been put back' <<<"$output"
	equal "$(<"$PAIR/primary/pg_hba.conf")" "$before"
}

@test "rules in a file that is not ours to write: setup says what belongs where, and is content when it is there" {
	printf '%s\n' 'local all all trust' 'host replication all all reject' | as_server tee "$PAIR/elsewhere.conf" >/dev/null
	by_hand primary "hba_file = '$PAIR/elsewhere.conf'"
	ini primary common.allow_restart=on primary.standby_networks=127.0.0.0/8
	run -78 pgrepl primary setup
	contains "^refused +access rules +the server reads its access rules from \"$PAIR/elsewhere.conf\"" <<<"$output"
	contains 'detail: before line 2:' <<<"$output"
	contains 'detail: at the end:' <<<"$output"
	{
		echo 'local all all trust'
		sed -n 's/^pgrepl-primary: detail: //p' <<<"$output" | sed '/^before line/d; s/^at the end:$/host replication all all reject/'
	} | as_server tee "$PAIR/elsewhere.conf" >/dev/null
	pg_ctl -D "$PAIR/primary" reload
	run -0 pgrepl primary setup
	contains '^ok +access rules' <<<"$output"
	seen | head -n 2 | contains '^hostssl\|\{replication\}\|\{replica\}\|127.0.0.0'
}
