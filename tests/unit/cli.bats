#!/usr/bin/env bats
# The command line of both programs.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/ini

setup() {
	ini_open
}

both() {
	local role
	for role in primary standby; do
		"$@" "$role"
	done
}

# wrong_usage MESSAGE ARGUMENT...: 64, a message and where to read more; nothing on standard output.
wrong_usage() {
	local message=$1 role
	shift
	for role in primary standby; do
		run --separate-stderr "$PROGRAMS/pgrepl-$role" "$@"
		printf '%s\n%s\n' "$output" "$stderr"
		[ "$status" = 64 ] || return 1
		[ -z "$output" ] || return 1
		grep -qE "^pgrepl-$role: error: $message\$" <<<"$stderr" || return 1
		grep -qxF "pgrepl-$role: hint: Try \"pgrepl-$role --help\"." <<<"$stderr" || return 1
	done
}

helps() {
	local option command
	for option in --help -h; do
		run -0 --separate-stderr "$PROGRAMS/pgrepl-$1" "$option"
		[ -z "$stderr" ]
		for command in setup --dry-run verify status --json check-config --config --version; do
			grep -qF -- "$command" <<<"$output"
		done
		grep -qF "pgrepl-$1(8)" <<<"$output"
		# fits a narrow terminal
		[ "$(wc -L <<<"$output")" -le 100 ]
	done
}

@test "--help names every command and option, on standard output" {
	both helps
}

says_version() {
	local version
	version=$(sed -n 's/^Version:[[:space:]]*//p' "$BATS_TEST_DIRNAME/../../SPECS/pgrepl.spec")
	run -0 "$PROGRAMS/pgrepl-$1" --version
	grep -qE "^pgrepl-$1 ${version//./\\.} \(PostgreSQL [0-9]+\)\$" <<<"$output"
	run -0 "$PROGRAMS/pgrepl-$1" -V
}

@test "--version shows the version of the package and the PostgreSQL major it was built for" {
	both says_version
}

@test "no command" {
	wrong_usage 'no command given'
}

@test "an unknown command" {
	wrong_usage 'unknown command "stup"' stup
}

@test "an unknown option" {
	wrong_usage 'unknown option or missing value: "--force"' --force setup
	wrong_usage 'unknown option or missing value: "-x"' -x setup
}

@test "an option without its value" {
	wrong_usage 'unknown option or missing value: "--config"' setup --config
}

@test "an argument too many" {
	wrong_usage 'too many arguments: "now"' setup now
}

@test "an option of another command" {
	wrong_usage '"setup" does not take that option' setup --json
	wrong_usage '"status" does not take that option' status --dry-run
	wrong_usage '"check-config" does not take that option' check-config --timeout 1s
}

@test "an invalid time" {
	wrong_usage 'invalid value for --timeout: "soon" is not a time' verify --timeout soon
}

@test "without root only pg_ctl can start servers" {
	local run_as=()
	[ "$(id -u)" != 0 ] || run_as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
	with
	# where another user can reach it
	run -78 --separate-stderr "${run_as[@]}" "$(reach "$PROGRAMS/pgrepl-primary")" --config "$(reach pgrepl.ini)" setup
	grep -qE 'error: this must be run as root' <<<"$stderr"
	grep -qE 'hint: Without root only server_control = pg_ctl works' <<<"$stderr"
}

# reach FILE: a copy that the user nobody owns and can reach.
reach() {
	local copy
	copy=/tmp/pgrepl-unit.$$.${1##*/}
	cp "$1" "$copy"
	[ "$(id -u)" != 0 ] || chown nobody "$copy"
	echo "$copy"
}

teardown() {
	rm -f /tmp/pgrepl-unit.$$.*
}

@test "a server that would run as root is refused" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	with 'server_control = pg_ctl' 'os_user = root'
	run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	grep -qE 'error: os_user cannot be root' <<<"$output"
	with 'server_control = pg_ctl' 'os_user = nobody-of-that-name'
	run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	grep -qE 'error: there is no user "nobody-of-that-name"' <<<"$output"
}

@test "a closed pipe does not kill the program" {
	with 'server_control = pg_ctl' 'bin_directory = /nonexistent' 'os_user = nobody'
	mkfifo pipe
	# the reader opens its end and exits before anything is written
	(: <pipe) &
	exec 9>pipe
	wait "$!"
	run -78 bash -c '"$@" >&9' bash "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	exec 9>&-
	grep -q 'error: ' <<<"$output"
}
