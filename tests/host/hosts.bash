# What the tests of booted hosts share.
# shellcheck shell=bash

# shellcheck source=tests/lib/lab.bash
. "$BATS_TEST_DIRNAME/../lib/lab.bash"
# shellcheck source=tests/lib/expect.bash
. "$BATS_TEST_DIRNAME/../lib/expect.bash"

bats_require_minimum_version 1.5.0
# A command that fails must not be hidden by what reads its output.
set -o pipefail

# shellcheck disable=SC2034 # for the tests
readonly DATA=/var/lib/pgsql/$LAB_PGMAJOR/data

teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ] && [ -z "${BATS_TEST_SKIPPED:-}" ]; then
		lab_explain
	fi
}

teardown_file() {
	lab_stop
}

# One password for each lab. It is in no environment: there, a test looks for it.
password_of_lab() {
	if [ ! -e "$LAB/password" ]; then
		(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$LAB/password")
	fi
	cat "$LAB/password"
}

# --- hosts ----------------------------------------------------------------------------------------

# give_user_data NAME ROLE PRIMARY [sed EXPRESSION...]: the packaged example of the role, filled in, and
# changed by the expressions.
give_user_data() {
	local name=$1 role=$2 primary=$3
	shift 3
	# shellcheck disable=SC2154 # of the library
	"$lab_lib/user-data" "$role" "$(host_ip "$primary")" "$(password_of_lab)" |
		sed -E "${@/#/-e}" -e '' >"$LAB/user-data"
	host_user_data "$name" "$LAB/user-data"
	rm "$LAB/user-data"
}

# create_from_user_data NAME ROLE: a host that makes itself what the packaged example says. The
# primary of the lab has to be created first: its address goes into everybody's user data.
create_from_user_data() {
	host_create "$1"
	give_user_data "$1" "$2" primary
}

# create_installed NAME ROLE [DEB...]: a host, off, with the role's package and a filled-in ini. Nobody has
# installed it there: it is an image's. The primary of the lab has to be created first.
create_installed() {
	host_create "$@"
	fill_in_ini "$1" "$2"
}

# boot_installed NAME ROLE: such a host, up; the role's service is enabled, and was not started.
boot_installed() {
	create_installed "$@"
	boot_unstarted "$@"
}

# boot_unstarted NAME ROLE: power on, and this boot does not start the role's service.
boot_unstarted() {
	local link
	link=$(host_root "$1")/etc/systemd/system/multi-user.target.wants/pgrepl-$2.service
	mv "$link" "$LAB/link"
	host_boot "$1"
	# once it answers, it has settled on what the boot starts
	host_run "$1" systemctl show -p Version | contains '^Version='
	mv "$LAB/link" "$link"
	# setup by hand needs the system bus, which is up a moment later
	patiently host_run "$1" systemctl is-active --quiet dbus.socket
}

# install_by_hand NAME ROLE: what an administrator types on a running host, but for the start.
install_by_hand() {
	host_run "$1" dnf -q -y install "pgrepl-$2"
	fill_in_ini "$1" "$2"
}

# fill_in_ini NAME ROLE: a primary is its own, and there is a second one in some files.
fill_in_ini() {
	local primary=primary
	[ "$2" != primary ] || primary=$1
	host_set "$1" primary_host "$(host_ip "$primary")"
	host_set "$1" replication_password "$(password_of_lab)"
	host_set "$1" standby_networks '10.99.0.0/24, fd99::/64'
}

# host_set NAME KEY VALUE: in the ini of a host that is on or off, where the key stands, be it as a comment.
host_set() {
	change_ini "$1" "$2" "$2 = $3"
}

# host_unset NAME KEY: a comment again.
host_unset() {
	change_ini "$1" "$2" ";$2 ="
}

# change_ini NAME KEY LINE. No program is told the line, which may be a password.
change_ini() {
	local ini line lines=() found=
	ini=$(host_root "$1")/etc/pgrepl.ini
	while IFS= read -r line; do
		if [ -z "$found" ] && [[ $line =~ ^\;?"$2"\ *= ]]; then
			line=$3 found=1
		fi
		lines+=("$line")
	done <"$ini"
	[ -n "$found" ] || {
		printf 'there is no key "%s" in %s\n' "$2" "$ini"
		return 1
	}
	printf '%s\n' "${lines[@]}" >"$ini"
}

# set_pgdata NAME PATH: for the service of a host that is on or off, as "systemctl edit" does.
set_pgdata() {
	local folder
	folder=$(host_root "$1")/etc/systemd/system/postgresql-$LAB_PGMAJOR.service.d
	mkdir -p "$folder"
	printf '[Service]\nEnvironment="PGDATA=%s"\n' "$2" >"$folder/override.conf"
	! host_is_up "$1" || host_run "$1" systemctl daemon-reload
}

# --- what a test expects --------------------------------------------------------------------------

# finds_nothing_to_do NAME ROLE: a setup that looks at the host.
finds_nothing_to_do() {
	host_run "$1" "pgrepl-$2" setup | contains '^pgrepl-.*: nothing to do$'
}

# is_empty NAME FOLDER
is_empty() {
	host_run "$1" find "$2" -mindepth 1 | lacks .
}

# unit_status NAME UNIT: what an administrator is shown.
unit_status() {
	# it ends with 3 for a unit that is not active
	host_run "$1" systemctl status "$2" --no-pager || [ $? = 3 ]
}

# waits_for_primary NAME: its helper says so.
waits_for_primary() {
	host_status_text "$1" pgrepl-standby | contains '^waiting for the primary'
}

# starts_of NAME UNIT [journalctl ARGUMENT...]: how often it was started.
starts_of() {
	local name=$1 unit=$2
	shift 2
	host_journal "$name" _PID=1 "UNIT=$unit.service" "$@" | grep -c '^Starting ' || true
}

# processes NAME PATTERN: those of a host whose command line matches.
processes() {
	host_run "$1" ps -eo pid,ppid,user,args --no-headers | grep -E -- "$2" || true
}

no_process() {
	processes "$1" "$2" | lacks .
}
