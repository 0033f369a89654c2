#!/usr/bin/env bats
# A service that does not start with new settings, on a booted host.

load hosts

setup_file() {
	lab_start
	boot_installed primary primary
	host_run primary pgrepl-primary setup
}

# add_setting LINE: to [primary.settings] of the primary's ini.
add_setting() {
	sed -i "/^\[primary.settings\]/a $1" "$(host_root primary)/etc/pgrepl.ini"
}

@test "a service that does not start with new settings gets its previous ones, and the journal is quoted" {
	host_set primary allow_restart on
	add_setting 'shared_preload_libraries = no_such_library'
	run -78 host_run primary pgrepl-primary setup
	contains '^failed +settings in force +the server did not start: FATAL:  could not access file "no_such_library"' <<<"$output"
	contains "hint: Read \"journalctl -u postgresql-$LAB_PGMAJOR.service\"" <<<"$output"
	contains 'detail: It runs again, with the settings that it had before' <<<"$output"
	[ "$(host_run primary systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
	equal "$(host_sql primary 'show shared_preload_libraries')" ''
	[ ! -e "$(host_root primary)$DATA/pgrepl.conf.previous" ]
}

@test "settings that kept the service from starting after a boot are undone by the next setup" {
	host_set primary allow_restart off
	sed -i 's/no_such_library/no_other_library/' "$(host_root primary)/etc/pgrepl.ini"
	run -78 host_run primary pgrepl-primary setup
	contains 'error: the server has to be restarted for shared_preload_libraries' <<<"$output"
	host_pull_plug primary
	host_boot primary
	not_active() {
		host_run primary systemctl is-failed "postgresql-$LAB_PGMAJOR"
	}
	patiently not_active
	run -78 host_run primary pgrepl-primary setup
	contains '^failed +server +the server did not start: FATAL:  could not access file "no_other_library"' <<<"$output"
	[ "$(host_run primary systemctl is-active "postgresql-$LAB_PGMAJOR")" = active ]
}
