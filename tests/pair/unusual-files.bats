#!/usr/bin/env bats
# A file that is read is something else: a directory, a FIFO, a device or a socket. Nothing waits for it,
# nothing is changed, and no hint makes it somebody's or anybody's.

load ../lib/pair

setup_file() {
	pair_ready
	pair_open
	start_primary
	start_standby standby
	stop standby
	stop primary
}

setup() {
	:
}

teardown() {
	explain
}

teardown_file() {
	pair_close
}

# put KIND PATH: what stands there instead of a file.
put() {
	case $1 in
	directory) as_server mkdir "$2" ;;
	fifo) as_server mkfifo "$2" ;;
	device) as_server ln -s /dev/zero "$2" ;;
	socket) as_server perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$2" ;;
	esac
}

# expect_refusal NAME WHAT: setup refused it, or the server did; nothing hung or crashed.
expect_refusal() {
	local name=$1 what=$2
	[ "$status" = 78 ] || {
		printf '%s exits with %s\n%s\n' "$what" "$status" "$output"
		return 1
	}
	lacks '(defect|chmod|chown|Bad file descriptor|medium)' <<<"$output"
	contains "^pgrepl-$name: error: " <<<"$output"
}

# each_kind NAME FILE COMMAND...: with the file replaced by each kind, it is refused, and no configuration has changed.
each_kind() {
	local name=$1 file=$2 kind before
	shift 2
	if [ -e "$file" ]; then
		as_server mv "$file" "$PAIR/aside"
	fi
	for kind in directory fifo device socket; do
		put "$kind" "$file"
		before=$(configuration_of "$name")
		run pgrepl "$name" "$@"
		expect_refusal "$name" "$name $1 with a $kind as $file"
		unchanged "$before" "$(configuration_of "$name")"
		as_server rm -r "$file"
	done
	if [ -e "$PAIR/aside" ]; then
		as_server mv "$PAIR/aside" "$file"
	fi
}

@test "an ini, or a password file, that is not a file is refused" {
	local name
	for name in primary standby; do
		each_kind "$name" "$PAIR/$name.ini" check-config
		contains 'could not open .*: not a regular file' <<<"$output"
	done
	ini primary common.replication_password= common.replication_password_file="$PAIR/secret"
	each_kind primary "$PAIR/secret" setup
	contains 'could not open .*: not a regular file' <<<"$output"
	ini primary
}

# bats test_tags=once
@test "no file in the data directory has to be one: each that is not is refused, and no configuration changes" {
	local name file
	for name in primary standby; do
		[ "$name" = primary ] || pgrepl primary setup
		for file in PG_VERSION global/pg_control postgresql.conf postgresql.auto.conf pg_hba.conf \
			pg_ident.conf pgrepl.conf; do
			each_kind "$name" "$PAIR/$name/$file" setup
		done
	done
}
