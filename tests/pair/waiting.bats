#!/usr/bin/env bats
# A standby whose primary is not up, not ready, or not the right one.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

@test "a standby that is set up first says what it is waiting for, and succeeds once the primary is up" {
	local standby
	ini standby
	pgrepl_in_background standby setup
	standby=$!
	eventually says standby "^pgrepl-standby: waiting for the primary 127.0.0.1:$(port_of primary): Connection refused"
	[ ! -e "$PAIR/standby" ]
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	start_primary
	wait "$standby"
	streams standby
	replicates primary standby
}

@test "after wait_timeout setup exits with 75, and nothing on disk has changed" {
	local before
	ini standby standby.wait_timeout=500ms
	before=$(listing)
	run -75 pgrepl standby setup
	contains "error: could not connect to the primary 127.0.0.1:$(port_of primary): Connection refused \(gave up after" <<<"$output"
	contains 'hint: .*wait_timeout' <<<"$output"
	contains '^failed +primary +could not connect' <<<"$output"
	lacks '^refused' <<<"$output"
	unchanged "$before" "$(listing)"
	no_process_of "$PAIR"
}

# stop_traced PID: a traced setup gets SIGTERM, and ends by it. What its worker did after the signal is in
# $PAIR/after.
stop_traced() {
	local status=0
	kill -TERM "$1"
	wait "$1" || status=$?
	equal "$status" 143
	eventually trace_is_whole "$PAIR/trace"
	no_process_of "$PAIR/standby"
	awk '!worker && /^[0-9]+ +kill\([0-9]+, SIGTERM/ { split($2, part, /[(,]/); worker = part[2]; next }
		worker && $1 == worker' "$PAIR/trace" >"$PAIR/after"
	cat "$PAIR/after"
	contains 'exited with 75' <"$PAIR/after" >/dev/null
}

# connects_no_more: to the primary, after a signal; but for the call that it interrupted.
connects_no_more() {
	local calls
	calls=$(grep -c " connect(.*htons($(port_of primary))" "$PAIR/after") || true
	echo "connected $calls times after the signal"
	[ "$calls" -le 1 ]
}

# bats test_tags=once
@test "a waiting standby that gets SIGTERM ends by it, and does not try again first" {
	local standby
	need strace
	ini standby
	# without what it executes
	traced standby "$PAIR/trace" -b execve -e trace=connect,poll,kill
	standby=$!
	eventually says standby 'waiting for the primary'
	stop_traced "$standby"
	says standby 'Connection refused \(stopped after'
	connects_no_more
	[ "$(grep -c '(Timeout)' "$PAIR/after")" -le 1 ]
}

# bats test_tags=once
@test "a standby that gets SIGTERM does not wait for a primary that does not answer" {
	local standby
	need strace
	start_primary
	kill -STOP "$(pid_of primary)"
	ini standby
	# without what it executes: only its worker connects
	traced standby "$PAIR/trace" -b execve -e trace=connect,poll,kill
	standby=$!
	# not that to its own port
	eventually trace_shows "$PAIR/trace" " connect\(.*htons\($(port_of primary)\).* EINPROGRESS"
	stop_traced "$standby"
	lacks '\(Timeout\)' <"$PAIR/after"
	connects_no_more
}

@test "a wrong password is tried once and reported with 78, and nothing on disk has changed" {
	local before
	start_primary
	ini standby 'common.replication_password=not-the-one'
	before=$(listing "$PAIR/standby.ini" "$PAIR/bin" "$PAIR/ports"; ls -A "$PAIR")
	run -78 pgrepl standby setup
	lacks 'waiting for the primary' <<<"$output"
	equal "$(grep -c 'FATAL:  password authentication failed' "$PAIR/primary.log")" 1
	contains "error: could not connect to the primary 127.0.0.1:$(port_of primary): password authentication failed for user \"replica\"" <<<"$output"
	contains 'hint: Check that replication_user and replication_password are the same' <<<"$output"
	contains '^refused +primary +could not connect' <<<"$output"
	lacks 'not-the-one' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby.ini" "$PAIR/bin" "$PAIR/ports"; ls -A "$PAIR")"
}

@test "a primary of another major version is refused with 78, before anything is cloned" {
	local other=15 bin
	[ "$PGMAJOR" != 15 ] || other=12
	bin=$("$BATS_TEST_DIRNAME/../lib/postgresql-tree" "$other")/bin
	ini primary common.bin_directory="$bin"
	pgrepl primary setup
	ini standby
	run -78 pgrepl standby setup
	contains "error: the server on 127.0.0.1:$(port_of primary) is PostgreSQL $other, but this host has $PGMAJOR" <<<"$output"
	contains "hint: Install the packages of PostgreSQL $other" <<<"$output"
	[ ! -e "$PAIR/standby" ]
	[ ! -e "$PAIR/standby.pgpass" ]
}

@test "a standby that is pointed at itself is refused with 78" {
	local before host
	for host in 127.0.0.1 localhost ::1 127.0.1.1; do
		ini standby common.primary_host="$host" standby.port="$(port_of primary)"
		before=$(listing)
		run -78 pgrepl standby setup
		contains "error: primary_host \"$host\" is this host itself" <<<"$output"
		contains 'hint: Set primary_host' <<<"$output"
		unchanged "$before" "$(listing)"
	done
}

@test "a standby that is pointed at its own running server is refused with 78" {
	start_primary
	start_standby standby
	# its own data folder, with its own port as the primary's
	ini standby common.primary_port="$(port_of standby)"
	run -78 pgrepl standby setup
	contains 'error: .*this host itself' <<<"$output"
}

@test "setup waits for a primary that has no rule for the standby yet" {
	local standby
	start_primary
	sed -i '/^# BEGIN pgrepl/,/^# END pgrepl/d; /^host/d' "$PAIR/primary/pg_hba.conf"
	pg_ctl -D "$PAIR/primary" reload
	ini standby
	pgrepl_in_background standby setup
	standby=$!
	eventually says standby 'waiting for the primary .*: no pg_hba.conf entry'
	run -0 pgrepl primary setup
	contains '^changed +access rules' <<<"$output"
	wait "$standby"
	streams standby
}

@test "setup waits for a primary without a free walsender" {
	local standby
	start_primary primary.settings.max_wal_senders=2 common.allow_restart=on
	start_standby other
	ini standby
	pgrepl_in_background standby setup
	standby=$!
	eventually says standby 'requested standby connections exceeds max_wal_senders'
	stop other
	wait "$standby"
	streams standby
}

@test "a primary that can never have the walsenders of a clone is refused before the copy" {
	start_primary primary.settings.max_wal_senders=1 common.allow_restart=on
	ini standby
	run -78 pgrepl standby setup
	contains '^refused +primary +the server on .* has max_wal_senders = 1, and a clone needs 2' <<<"$output"
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	ini primary common.allow_restart=on
	pgrepl primary setup
	pgrepl standby setup
	streams standby
}

# hopeless CLAUSE MESSAGE HINT: the standby does not use the time that it may wait.
hopeless() {
	sql primary "$1"
	run -78 pgrepl standby setup
	contains "error: (could not connect to the primary|pg_basebackup: error: ).*$2" <<<"$output"
	contains "hint: .*$3" <<<"$output"
	[ ! -e "$PAIR/standby" ]
}

@test "what only the primary's administrator can change is not waited for" {
	by_hand primary
	ini standby common.tls=off standby.wait_timeout=1min
	hopeless "select 1" 'role "replica" does not exist' 'pgrepl-primary setup'
	hopeless "create role replica replication password '$(<"$PAIR/password")'" 'is not permitted to log in' 'pgrepl-primary setup'
	hopeless "alter role replica login noreplication" '(must be superuser or replication role|permission denied) to start' 'pgrepl-primary setup'
	sql primary "alter role replica replication connection limit 0"
	if limits_walsenders; then
		hopeless 'select 1' 'too many connections for role "replica"' 'CONNECTION LIMIT'
		hopeless "alter role replica connection limit 1" 'too many connections for role "replica"' 'CONNECTION LIMIT'
	fi
	sql primary 'alter role replica connection limit 2'
	pgrepl standby setup
	streams standby
}

@test "a primary that rejects the role, or asks it for something other than a password, is not waited for" {
	local rule
	by_hand primary
	sql primary "create role replica login replication password '$(<"$PAIR/password")'"
	ini standby common.tls=off standby.wait_timeout=1min
	for rule in reject ident; do
		sed -i '/^host/d' "$PAIR/primary/pg_hba.conf"
		echo "host replication all 127.0.0.1/32 $rule" >>"$PAIR/primary/pg_hba.conf"
		pg_ctl -D "$PAIR/primary" reload
		hopeless 'select 1' '(pg_hba.conf rejects|Ident authentication failed)' '(reject rule|scram-sha-256)'
	done
}

@test "a primary that is set to send no WAL is not waited for" {
	by_hand primary 'wal_level = minimal' 'max_wal_senders = 0'
	ini standby common.tls=off standby.wait_timeout=1min
	hopeless "create role replica login replication password '$(<"$PAIR/password")'" 'max_wal_senders \(currently 0\)' 'allow_restart'
}

@test "after wait_timeout setup gives up on a primary that does not answer, with 75" {
	start_primary
	ini standby standby.wait_timeout=1s
	kill -STOP "$(pid_of primary)"
	run -75 pgrepl standby setup
	kill -CONT "$(pid_of primary)"
	contains "error: could not connect to the primary 127.0.0.1:$(port_of primary): no answer within" <<<"$output"
}

# As log_hostname = on does with a name server that is down: longer than a connection may take, shorter than
# authentication_timeout.
# bats test_tags=once
@test "a login that takes 12 s is waited for, and meanwhile reported" {
	local standby
	start_primary
	echo 'pre_auth_delay = 12' >>"$PAIR/primary/postgresql.conf"
	pg_ctl -D "$PAIR/primary" reload
	ini standby
	pgrepl_in_background standby setup
	standby=$!
	eventually 60 says standby '^changed +primary'
	says standby 'waiting for the primary .*: no answer within 2000 ms'
	says standby 'hint: It accepts connections, but does not answer'
	sed -i '/^pre_auth_delay/d' "$PAIR/primary/postgresql.conf"
	pg_ctl -D "$PAIR/primary" reload
	wait "$standby"
	streams standby
}
