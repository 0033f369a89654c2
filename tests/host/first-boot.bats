#!/usr/bin/env bats
# The first boot: in which order things happen, and that none of them waits for another that waits for
# it. Hosts with the package in their image, and hosts that get it by user data. It is about units, and not
# about PostgreSQL's major; cloud-init.bats boots with each.
# bats file_tags=once

load hosts

setup_file() {
	lab_start
}

# create_from_image NAME ROLE: a host, off, that has the role's package and has never been set up.
create_from_image() {
	host_create "$1" "$2"
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

readonly blocking='s/--no-block, //'
readonly by_runcmd='/^packages:/,/^$/d; s/^runcmd:/&\n  - [yum, -y, install, pgrepl-primary]/'
readonly ini_alone='/^(yum_repos|packages|runcmd):/,/^$/d; /^  - \[/d; /^package_/d'

# boots_through_cloud_init NAME: cloud-init comes to its end without an error, and then no unit waits for
# another. Else it says which does.
boots_through_cloud_init() {
	host_boot "$1"
	comes_through "$1"
}

comes_through() {
	if ! host_wait_cloud_init "$1" || ! host_wait_booted "$1"; then
		host_run "$1" systemctl list-jobs --no-pager
		return 1
	fi
}

# held_up NAME UNIT BY: the start of the one waits for that of the other.
held_up() {
	host_run "$1" systemctl list-jobs --before --no-pager >"$BATS_TEST_TMPDIR/jobs"
	cat "$BATS_TEST_TMPDIR/jobs"
	awk -v unit="$2" -v by="($3/start)" '
		$1 ~ /^[0-9]+$/ { its = $2 == unit && $4 == "waiting" }
		its && /waiting for job/ && index($0, by) { found = 1 }
		END { exit !found }' "$BATS_TEST_TMPDIR/jobs"
}

# does_not_come_through NAME: and so the tests above fail where a boot hangs. What makes it hang has been
# seen, so it is not a matter of how long one waits.
does_not_come_through() {
	# shellcheck disable=SC2034 # for the library
	(lab_limit_s=1 && ! comes_through "$1")
	host_run "$1" systemctl list-jobs --no-pager | contains ' start +waiting'
}

# started_once NAME UNIT: in this boot.
started_once() {
	[ "$(starts_of "$1" "$2" -b)" = 1 ]
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
	host_is_set_up one primary
	started_once one pgrepl-primary
	host_power_off one
}

@test "runcmd: yum install and a blocking start: the boot goes through" {
	create_bare two
	give_user_data two primary two "$by_runcmd" "$blocking"
	[ ! -e "$(host_root two)/usr/sbin/pgrepl-primary" ]
	boots_through_cloud_init two
	host_is_set_up two primary
	started_once two pgrepl-primary
	host_power_off two
}

@test "a primary in an image finds the ini that user data write at its first boot" {
	create_from_image primary primary
	[ -L "$(host_root primary)/etc/systemd/system/multi-user.target.wants/pgrepl-primary.service" ]
	give_user_data primary primary primary "$ini_alone"
	boots_through_cloud_init primary
	host_is_set_up primary primary
	started_once primary pgrepl-primary
	host_power_off primary
}

@test "a standby in an image holds up no boot while it waits for its primary" {
	create_from_image standby standby
	give_user_data standby standby primary "$ini_alone"
	host_boot standby
	host_wait_cloud_init standby
	patiently host_run standby systemctl is-active multi-user.target
	patiently host_run standby systemctl is-active systemd-user-sessions.service
	[ "$(host_run standby systemctl is-active pgrepl-standby)" = activating ]
	patiently waits_for_primary standby
}

@test "it arrives when the primary is switched on, and was started once" {
	host_boot primary
	host_wait_set_up standby standby
	wait_until_streams primary standby
	started_once standby pgrepl-standby
	host_wait_booted standby
	host_power_off standby
	host_power_off primary
}

# What the tests above are for has to be seen by them. A boot hangs when a unit waits for what waits for it:
# for cloud-init, which waits for the end of "systemctl start"; or when all of it waits for a standby that
# waits for its primary.
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
	starts_primary() {
		host_run "$1" ps -e -o args | contains '^systemctl start pgrepl-primary'
	}
	patiently starts_primary late
	patiently held_up late pgrepl-primary.service cloud-final.service
	does_not_come_through late
	patiently starts_primary later
	patiently held_up later pgrepl-primary.service multi-user.target
	patiently held_up later multi-user.target cloud-final.service
	does_not_come_through later
	patiently waits_for_primary held
	patiently held_up held multi-user.target pgrepl-standby.service
	does_not_come_through held
	host_pull_plug late
	host_pull_plug later
	host_pull_plug held
}

@test "an image whose ini nobody filled in: it fails at once with 78, and says so on the console" {
	create_from_image unfilled primary
	host_boot unfilled
	host_wait_booted unfilled
	host_run unfilled systemctl show -p Result -p ExecMainStatus pgrepl-primary | contains '^ExecMainStatus=78$'
	started_once unfilled pgrepl-primary
	contains 'pgrepl-primary: error: /etc/pgrepl.ini: "standby_networks" is not set' <"$LAB/hosts/unfilled/console"
	contains 'pgrepl-primary: hint: ' <"$LAB/hosts/unfilled/console"
	is_empty unfilled "$DATA"
}

@test "once it is filled in, systemctl start is enough" {
	host_set unfilled replication_password some-words
	host_set unfilled standby_networks 10.99.0.0/24
	host_run unfilled systemctl start pgrepl-primary
	[ "$(host_run unfilled systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
}
