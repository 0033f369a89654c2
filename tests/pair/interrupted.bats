#!/usr/bin/env bats
# A clone that is interrupted halfway.
# shellcheck disable=SC2154 # start_held_clone sets them

load ../lib/pair

setup() {
	pair_open
	start_primary
	ini standby
}

has_cloned_some() {
	[ "$(stat -c %s "$PAIR/standby.pgrepl-staging/ballast")" -gt 1000000 ]
}

# arrives: the next setup succeeds, whatever the previous one has left.
arrives() {
	[ ! -e "$PAIR/standby/PG_VERSION" ]
	let_go
	eventually sends_backups 0
	run -0 pgrepl standby setup
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	streams standby
	replicates primary standby
}

@test "the worker is killed: no clone is left running, and the next setup succeeds" {
	local status=0
	start_held_clone has_cloned_some
	kill -KILL "$worker"
	wait "$standby" || status=$?
	equal "$status" 70
	no_process_of "$PAIR/standby"
	says standby 'error: the worker was terminated by signal 9'
	arrives
}

@test "the monitor is killed: the worker and the clone exit on their own, and the next setup succeeds" {
	start_held_clone has_cloned_some
	kill -KILL "$standby"
	wait "$standby" || :
	eventually no_process_of "$PAIR/standby"
	arrives
}

@test "the monitor and the worker are killed together: no clone is left running, and the next setup succeeds" {
	start_held_clone has_cloned_some
	kill -KILL "$standby" "$worker"
	wait "$standby" || :
	let_go
	# pg_basebackup's child may survive, and the backup with it: the next setup ends both
	run -0 pgrepl standby setup
	no_process_of "$PAIR/standby.pgrepl-staging"
	eventually sends_backups 0
	streams standby
	replicates primary standby
}

@test "setup gets SIGTERM: it cleans up and ends by it, and the next one succeeds" {
	local status=0
	start_held_clone has_cloned_some
	kill -TERM "$standby"
	wait "$standby" || status=$?
	equal "$status" 143
	no_process_of "$PAIR/standby"
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	arrives
}

@test "setup and its worker get SIGINT, as from Ctrl-C: the same" {
	local status=0
	start_held_clone has_cloned_some
	kill -INT "$standby" "$worker"
	wait "$standby" || status=$?
	equal "$status" 130
	no_process_of "$PAIR/standby"
	arrives
}

@test "pg_basebackup is killed: setup clones again by itself" {
	local clone
	start_held_clone has_cloned_some
	clone=$(pgrep -P "$worker" pg_basebackup)
	kill -KILL "$clone"
	let_go
	wait "$standby"
	says standby 'cloning again from'
	streams standby
	replicates primary standby
}

@test "the primary crashes and comes back: setup clones again by itself" {
	start_held_clone has_cloned_some
	kill -CONT "$clone_sender"
	stop primary immediate
	eventually says standby 'cloning again from'
	rm "$PAIR/primary/ballast"
	pgrepl primary setup
	wait "$standby"
	streams standby
	replicates primary standby
}

@test "the disk is full: setup says so and exits with 78, and succeeds once there is room" {
	[ "$(id -u)" = 0 ] || skip 'mounting a small file system needs root'
	as_server truncate -s 2G "$PAIR/primary/ballast"
	as_server mkdir "$PAIR/small"
	ini standby common.data_directory="$PAIR/small/data"
	# in its own mount namespace: when that ends, so does the file system
	run unshare --mount bash -c 'mount -t tmpfs -o "size=64m,mode=0700,uid=$1,gid=$2" pgrepl-test "$3" && shift 3 && exec "$@"' \
		bash "$(id -u postgres)" "$(id -g postgres)" "$PAIR/small" \
		setpriv --reuid=postgres --regid=postgres --init-groups timeout 600 "$(program_of standby)" --config "$PAIR/standby.ini" setup
	equal "$status" 78
	contains 'error: .*No space left on device' <<<"$output"
	rm "$PAIR/primary/ballast"
	run -0 pgrepl standby setup
	eventually streams standby
}
