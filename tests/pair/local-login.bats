#!/usr/bin/env bats
# How setup logs in to the local server: what works, and what is refused before anything is written.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

# local_rule LINE: the only rule for local connections of "primary".
local_rule() {
	sed -i '/^local/d' "$PAIR/primary/pg_hba.conf"
	printf '%s\n' "$1" >>"$PAIR/primary/pg_hba.conf"
	pg_ctl -D "$PAIR/primary" reload
}

# refused HINT: setup and its dry run, and neither has changed anything.
refused() {
	local before command
	before=$(configuration_of primary)
	for command in 'setup --dry-run' setup; do
		# shellcheck disable=SC2086 # two words
		run -78 pgrepl primary $command
		contains '^refused +local login' <<<"$output"
		contains 'error: (could not log in to the local server|".*" is not a superuser)' <<<"$output"
		contains "hint: .*$1" <<<"$output"
		unchanged "$before" "$(configuration_of primary)"
	done
}

@test "a rule that asks for a password, rejects, or maps nobody is refused before anything is written" {
	local method
	by_hand primary
	sql primary "create role dba superuser login"
	for method in md5 scram-sha-256 password; do
		local_rule "local all all $method"
		ini primary
		refused 'Make "local all .* peer" the first line of pg_hba.conf.* superuser_password'
	done
	local_rule 'local all all reject'
	refused 'Make "local all .* peer" the first line'
	local_rule ''
	refused 'Make "local all .* peer" the first line'
	local_rule 'local all all peer map=nobody'
	refused 'Make "local all .* peer" the first line'
	local_rule 'local all all peer'
	ini primary common.superuser=dba
	refused 'local all dba peer map=pgrepl.*pg_ident.conf'
}

@test "a superuser of another name is used if the ini names it, and one that is not a superuser is refused" {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary "create role dba superuser login"
	sql primary "create role plain login"
	ini primary common.superuser=plain
	refused 'Set superuser in section \[common\]'
	ini primary common.superuser=missing
	refused 'set superuser in section \[common\]'
	ini primary common.superuser=dba
	run -0 pgrepl primary setup
	contains '^ok +local login +"dba" through the socket' <<<"$output"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	start_standby standby common.superuser=dba
	streams standby
}

@test "a map of peer lets the operating system user in as a superuser of another name" {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary "create role dba superuser login"
	echo "admins $(as_server id -un) dba" >>"$PAIR/primary/pg_ident.conf"
	local_rule 'local all dba peer map=admins'
	ini primary common.superuser=dba
	run -0 pgrepl primary setup
	contains '^ok +local login +"dba"' <<<"$output"
}

@test "superuser_password is used where a rule asks for it" {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	sql primary "set password_encryption = 'scram-sha-256'; alter role $(sql primary 'select current_user') password 'an old one'"
	local_rule 'local all all scram-sha-256'
	ini primary primary.superuser_password=another
	refused 'superuser_password'
	ini primary "primary.superuser_password='an old one'"
	run -0 pgrepl primary setup
	contains '^ok +local login' <<<"$output"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
}

# as_role NAME ROLE "SQL": psql in the database template1.
as_role() {
	as_server env -i "$PG/bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$PAIR" -p "$(port_of "$1")" -d template1 -U "$2" -c "$3"
}

@test "a new cluster has the superuser of the ini, and the operating system user is let in as it" {
	local name
	for name in 'Data Base Admin' dba; do
		start_new_primary "common.superuser='$name'"
		start_standby standby "common.superuser='$name'"
		equal "$(as_role standby "$name" "select string_agg(rolname, ',') from pg_roles where rolsuper")" "$name"
		run -0 pgrepl primary setup
		contains 'nothing to do$' <<<"$output"
		stop standby
		stop primary
		rm -r "$PAIR"/{standby,primary}
	done
}

@test "a cluster that is read-only by default, times out at once, and has no database postgres is adopted" {
	by_hand primary "listen_addresses = '*'" 'max_wal_senders = 32' 'max_replication_slots = 32'
	as_role primary "$(as_server id -un)" 'drop database postgres'
	as_role primary "$(as_server id -un)" "alter role all set statement_timeout = '1ms'"
	as_role primary "$(as_server id -un)" "alter role all set default_transaction_isolation = 'serializable'"
	printf '%s\n' 'default_transaction_read_only = on' >>"$PAIR/primary/postgresql.conf"
	pg_ctl -D "$PAIR/primary" reload
	ini primary
	run -0 pgrepl primary setup
	contains '^changed +replication role' <<<"$output"
	start_standby standby
}
