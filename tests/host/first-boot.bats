#!/usr/bin/env bats
# The first boot: in which order things happen, and that none of them waits for another that waits for
# it. Hosts with the package in their image, and hosts that get it by user data.

load hosts

setup_file() {
	lab_start
	make_image primary
	make_image standby
}

# make_image ROLE: a host "ROLE-image", off, that has the role's package and has never been set up.
make_image() {
	host_create "$1-image"
	host_add_repos "$1-image"
	host_boot "$1-image"
	host_run "$1-image" dnf -q -y install "pgrepl-$1"
	host_power_off "$1-image"
}

# create_from_image NAME ROLE: a host, off, with the image's files.
create_from_image() {
	host_create "$1"
	tar -C "$LAB/hosts/$2-image/upper" --exclude=./etc/machine-id --exclude=./etc/hostname --exclude=./var/log \
		--exclude=./run --exclude=./tmp -c . | tar -C "$(host_root "$1")" -x
	order_as_on_el "$1"
}

# create_bare NAME: a host, off, without the package.
create_bare() {
	host_create "$1"
	order_as_on_el "$1"
}

# There cloud-final.service belongs to multi-user.target, which so waits for it. Here it is behind.
order_as_on_el() {
	local root
	root=$(host_root "$1")
	sed '/^After=multi-user.target/d; s/^WantedBy=.*/WantedBy=multi-user.target/' \
		"$root/lib/systemd/system/cloud-final.service" >"$root/etc/systemd/system/cloud-final.service"
	grep -q WantedBy=multi-user.target "$root/etc/systemd/system/cloud-final.service"
	rm "$root/etc/systemd/system/cloud-init.target.wants/cloud-final.service"
	ln -s ../cloud-final.service "$root/etc/systemd/system/multi-user.target.wants/"
}

# give_user_data NAME ROLE PRIMARY [sed EXPRESSION...]: the packaged example, changed.
give_user_data() {
	local name=$1 role=$2 primary=$3
	shift 3
	# shellcheck disable=SC2154 # of the library
	"$lab_lib/user-data" "$role" "$(host_ip "$primary")" "$(password_of_lab)" |
		sed -E "${@/#/-e}" -e '' >"$LAB/user-data"
	host_user_data "$name" "$LAB/user-data"
	rm "$LAB/user-data"
}

readonly blocking='s/--no-block, //'
readonly by_runcmd='/^packages:/,/^$/d; s/^runcmd:/&\n  - [yum, -y, install, pgrepl-primary]/'
readonly ini_alone='/^(yum_repos|packages|runcmd):/,/^$/d; /^  - \[/d; /^package_/d'

# boots_through_cloud_init NAME [SECONDS]: cloud-init comes to its end without an error, and then no
# unit waits for another. Else it says which does.
boots_through_cloud_init() {
	host_boot "$1"
	comes_through "$@"
}

comes_through() {
	if ! host_wait_cloud_init "$1" "${2:-90}" || ! host_wait_booted "$1" "${2:-90}"; then
		host_run "$1" systemctl list-jobs --no-pager
		return 1
	fi
}

# hangs NAME SECONDS UNIT: its boot has not come to an end by then, and the unit's job cannot begin.
hangs() {
	run ! comes_through "$1" "$2"
	contains "$3 +start +waiting" <<<"$output"
}

# started_once NAME UNIT: in this boot.
started_once() {
	host_run "$1" journalctl -b --no-pager --quiet -o cat "_PID=1" "UNIT=$2" |
		contains '^(Starting|Finished|Failed to start) ' >/dev/null
	[ "$(host_run "$1" journalctl -b --no-pager --quiet -o cat _PID=1 "UNIT=$2" | grep -c '^Starting ')" = 1 ]
}

order_after() {
	local folder
	folder=$(host_root "$1")/etc/systemd/system/pgrepl-primary.service.d
	mkdir -p "$folder"
	printf '[Unit]\nAfter=%s\n' "$2" >"$folder/order.conf"
}

@test "packages: and a blocking start in runcmd: the boot goes through" {
	create_bare one
	give_user_data one primary one "$blocking"
	boots_through_cloud_init one
	host_wait_set_up one primary 5
	started_once one pgrepl-primary.service
	host_power_off one
}

@test "runcmd: yum install and a blocking start: the boot goes through" {
	create_bare two
	give_user_data two primary two "$by_runcmd" "$blocking"
	[ ! -e "$(host_root two)/usr/sbin/pgrepl-primary" ]
	boots_through_cloud_init two
	host_wait_set_up two primary 5
	started_once two pgrepl-primary.service
	host_power_off two
}

@test "a primary in an image finds the ini that user data write at its first boot" {
	create_from_image primary primary
	[ -L "$(host_root primary)/etc/systemd/system/multi-user.target.wants/pgrepl-primary.service" ]
	give_user_data primary primary primary "$ini_alone"
	boots_through_cloud_init primary
	host_wait_set_up primary primary 5
	started_once primary pgrepl-primary.service
	host_power_off primary
}

@test "a standby in an image holds up no boot while it waits for its primary" {
	create_from_image standby standby
	give_user_data standby standby primary "$ini_alone"
	host_boot standby
	host_wait_cloud_init standby 60
	reached() {
		[ "$(host_run standby systemctl is-active "$1")" = active ]
	}
	eventually 20 reached multi-user.target
	eventually 20 reached systemd-user-sessions.service
	[ "$(host_run standby systemctl is-active pgrepl-standby)" = activating ]
	host_status_text standby pgrepl-standby | contains '^waiting for the primary'
}

@test "it arrives when the primary is switched on, and was started once" {
	host_boot primary
	host_wait_set_up standby standby
	wait_until_streams primary standby
	started_once standby pgrepl-standby.service
	host_wait_booted standby
	host_power_off standby
	host_power_off primary
}

# What the tests above are for has to be seen by them. All three at once: it takes its time to be sure.
# bats test_tags=once
@test "a boot that hangs is seen to: units with After=cloud-final.service, After=multi-user.target, default dependencies" {
	local unit=/systemd/system/pgrepl-standby.service
	create_from_image late primary
	give_user_data late primary late "$blocking"
	order_after late cloud-final.service
	create_from_image later primary
	give_user_data later primary later "$blocking"
	order_after later multi-user.target
	create_from_image held standby
	give_user_data held standby primary "$ini_alone"
	sed '/^DefaultDependencies=no/d' "$(host_root held)/usr/lib$unit" >"$(host_root held)/etc$unit"

	host_boot late
	host_boot later
	host_boot held
	hangs late 15 pgrepl-primary.service
	hangs later 2 pgrepl-primary.service
	hangs held 2 multi-user.target
	host_run late ps -e -o args | contains '^systemctl start pgrepl-primary'
	host_status_text held pgrepl-standby | contains '^waiting for the primary'
	host_pull_plug late
	host_pull_plug later
	host_pull_plug held
}

@test "an image whose ini nobody filled in: it fails at once with 78, and says so on the console" {
	create_from_image unfilled primary
	host_boot unfilled
	host_wait_booted unfilled 30
	host_run unfilled systemctl show -p Result -p ExecMainStatus pgrepl-primary | contains '^ExecMainStatus=78$'
	started_once unfilled pgrepl-primary.service
	contains 'pgrepl-primary: error: /etc/pgrepl.ini: "standby_networks" is not set' <"$LAB/hosts/unfilled/console"
	contains 'pgrepl-primary: hint: ' <"$LAB/hosts/unfilled/console"
	host_run unfilled find "$DATA" -mindepth 1 | lacks .
}

@test "once it is filled in, systemctl start is enough" {
	host_run unfilled sed -i -e 's|^replication_password =.*|replication_password = some-words|' \
		-e 's|^standby_networks =.*|standby_networks = 10.99.0.0/24|' /etc/pgrepl.ini
	host_run unfilled systemctl start pgrepl-primary
	[ "$(host_run unfilled systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
}
