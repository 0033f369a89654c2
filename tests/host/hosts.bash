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

# create_from_user_data NAME ROLE: a host that makes itself what the packaged example says. The
# primary of the lab has to be created first: its address goes into everybody's user data.
create_from_user_data() {
	host_create "$1"
	"$lab_lib/user-data" "$2" "$(host_ip primary)" "$(password_of_lab)" >"$LAB/user-data"
	host_user_data "$1" "$LAB/user-data"
	rm "$LAB/user-data"
}

# install_by_hand NAME ROLE: what an administrator types on a running host, but for the start.
install_by_hand() {
	host_run "$1" dnf -q -y install "pgrepl-$2"
	host_run "$1" sed -i \
		-e "s|^;*primary_host =.*|primary_host = $(host_ip primary)|" \
		-e "s|^;*replication_password =.*|replication_password = $(password_of_lab)|" \
		-e "s|^;*standby_networks =.*|standby_networks = 10.99.0.0/24, fd99::/64|" \
		/etc/pgrepl.ini
}

# boot_installed NAME ROLE: a running host with the role's package and a filled-in ini, not started.
boot_installed() {
	host_create "$1"
	host_add_repos "$1"
	host_boot "$1"
	install_by_hand "$1" "$2"
}

# processes NAME PATTERN: those of a host whose command line matches.
processes() {
	host_run "$1" ps -eo pid,ppid,user,args --no-headers | grep -E -- "$2" || true
}

no_process() {
	processes "$1" "$2" | lacks .
}
