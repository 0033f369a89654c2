#!/usr/bin/env bats
# Packages come, are replaced and go; a server that was set up by one goes on through all of it. It is rpm
# and systemd that have to do with each other here, whatever the major of PostgreSQL.
# bats file_tags=once

load hosts

setup_file() {
	lab_start
	local role
	for role in primary standby; do
		boot_installed $role $role
		host_add_repos $role
		host_run $role systemctl start pgrepl-$role
	done
	host_create bare
	host_add_repos bare
	host_boot bare
	offer_next_version
}

# offer_next_version: the same sources as version 1.1, with a line more in the ini's template, built
# and put into the repository beside this one.
offer_next_version() {
	local next=$LAB/next
	mkdir "$next"
	(
		set -e
		cd "$BATS_TEST_DIRNAME/../.."
		cp -r Makefile SPECS SOURCES src firstboot scripts README.md CHANGELOG.md LICENSE "$next"
		cd "$next"
		# what %check builds was run when the version before was built
		mkdir -p tests/unit
		echo 'unit-run:' >tests/unit/programs.mk
		sed -i 's/^Version:.*/Version:	1.1/' SPECS/pgrepl.spec
		sed -i '1,/^\* /s/^\* .*/* Tue Nov 24 2026 pgrepl developers - 1.1-1\n- The next one.\n\n&/' SPECS/pgrepl.spec
		echo '; What is new in this version.' >>SOURCES/pgrepl.ini
		make --no-print-directory GPG_KEY= "PGMAJOR=$LAB_PGMAJOR" repo 2>&1
	)
	cp "$next"/build/repo/*.rpm "$LAB/repo"
	rm -rf "$next"
	createrepo_c --quiet --update "$LAB/repo"
}

# running_server NAME: what tells one run of a server from another.
running_server() {
	host_sql "$1" "select pg_postmaster_start_time(), pg_is_in_recovery(), system_identifier from pg_control_system()"
	host_run "$1" systemctl show -p MainPID -p ActiveEnterTimestampMonotonic -p NRestarts "postgresql-$LAB_PGMAJOR"
	host_run "$1" head -n 1 "$DATA/postmaster.pid"
}

done_file() {
	host_run "$1" stat -c '%y %i' "/var/lib/pgrepl/$2.done"
}

version_of() {
	host_run "$1" "pgrepl-$2" --version
}

rows_arrive() {
	host_sql primary "insert into diary values ('$1')"
	wait_until_streams primary standby
	[ "$(host_sql standby "select count(*) from diary where entry = '$1'")" = 1 ]
}

@test "both roles at once are refused, and neither is installed" {
	run ! host_run bare dnf -q -y install pgrepl-primary pgrepl-standby
	contains 'conflict' <<<"$output"
	run ! host_run bare rpm -q pgrepl-primary pgrepl-standby
}

@test "an ini that is there before the package is kept, with its mode, and the template is beside it" {
	host_run bare sh -c 'echo "# mine" >/etc/pgrepl.ini; chmod 640 /etc/pgrepl.ini'
	host_run bare dnf -q -y --repo "pgdg$LAB_PGMAJOR" --repo pgrepl install pgrepl-standby-1.0
	[ "$(host_run bare cat /etc/pgrepl.ini)" = '# mine' ]
	[ "$(host_run bare stat -c '%U:%a' /etc/pgrepl.ini)" = root:640 ]
	[ "$(host_run bare stat -c '%U:%a' /etc/pgrepl.ini.rpmnew)" = root:600 ]
	host_run bare grep -q '^replication_password =' /etc/pgrepl.ini.rpmnew
}

@test "without one the template is there for root alone, the unit is enabled, and nothing was started" {
	host_run bare dnf -q -y remove pgrepl-standby
	host_run bare rm -f /etc/pgrepl.ini /etc/pgrepl.ini.rpmnew /etc/pgrepl.ini.rpmsave
	host_run bare dnf -q -y install pgrepl-standby
	[ "$(host_run bare stat -c '%U:%a' /etc/pgrepl.ini)" = root:600 ]
	[ "$(host_run bare systemctl is-enabled pgrepl-standby)" = enabled ]
	run host_run bare systemctl is-active pgrepl-standby "postgresql-$LAB_PGMAJOR"
	[ "$output" = $'inactive\ninactive' ]
}

@test "a removed package whose ini was never touched leaves nothing of its own" {
	host_run bare dnf -q -y remove pgrepl-standby
	host_run bare find / -xdev -name '*pgrepl*' ! -path '/var/log/*' ! -path '/var/cache/*' ! -path '/var/lib/dnf/*' \
		! -path '/srv/*' ! -path '/etc/yum.repos.d/*' | lacks .
}

@test "an upgrade on a running pair starts nothing and restarts nothing" {
	local role before
	host_sql primary 'create table diary (entry text)'
	for role in standby primary; do
		before=$(running_server $role; done_file $role $role; starts_of $role pgrepl-$role)
		host_run $role dnf -q -y upgrade "pgrepl-$role"
		version_of $role $role | contains ' 1\.1 '
		diff <(echo "$before") <(running_server $role; done_file $role $role; starts_of $role pgrepl-$role)
		[ "$(host_run $role systemctl is-enabled "pgrepl-$role")" = enabled ]
	done
	rows_arrive upgraded
}

@test "the ini that was filled in is kept, and the new template is beside it" {
	local role
	for role in primary standby; do
		host_run $role grep -qF "$(password_of_lab)" /etc/pgrepl.ini
		[ "$(host_run $role stat -c '%U:%a' /etc/pgrepl.ini /etc/pgrepl.ini.rpmnew)" = $'root:600\nroot:600' ]
		host_run $role grep -q 'new in this version' /etc/pgrepl.ini.rpmnew
	done
}

@test "the new version finds nothing to do on what the old one made" {
	finds_nothing_to_do primary primary
	finds_nothing_to_do standby standby
}

@test "a boot after the upgrade is no second first boot" {
	local before
	before=$(done_file standby standby)
	host_power_off standby
	host_boot standby
	wait_until_streams primary standby
	host_wait_booted standby
	host_run standby systemctl show -p ConditionResult pgrepl-standby | contains '=no'
	[ "$(done_file standby standby)" = "$before" ]
}

@test "a downgrade leaves the pair alone as well" {
	local role before
	for role in standby primary; do
		before=$(running_server $role; done_file $role $role; starts_of $role pgrepl-$role)
		host_run $role dnf -q -y downgrade "pgrepl-$role"
		version_of $role $role | contains ' 1\.0 '
		diff <(echo "$before") <(running_server $role; done_file $role $role; starts_of $role pgrepl-$role)
	done
	rows_arrive downgraded
}

@test "a removal leaves server, data and role, takes the unit, and says where the ini is" {
	local role before
	for role in standby primary; do
		before=$(running_server $role)
		run -0 host_run $role dnf -y remove "pgrepl-$role"
		contains "pgrepl-$role has been removed\\. PostgreSQL, its data and the role of this host are unchanged" <<<"$output"
		contains '/etc/pgrepl.ini.rpmsave, which may contain passwords' <<<"$output"
		diff <(echo "$before") <(running_server $role)
		[ "$(host_run $role systemctl is-enabled "postgresql-$LAB_PGMAJOR")" = enabled ]
		host_run $role systemctl show -p LoadState "pgrepl-$role" | contains '=not-found$'
		host_run $role find /etc/systemd /usr/lib/systemd -name '*pgrepl*' | lacks .
		host_run $role test ! -e /var/lib/pgrepl
		[ "$(host_run $role stat -c '%U:%a' /etc/pgrepl.ini.rpmsave)" = root:600 ]
		host_run $role test ! -e /etc/pgrepl.ini
	done
	rows_arrive removed
}

@test "without the packages the pair comes back from a boot" {
	host_power_off standby
	host_boot standby
	wait_until_streams primary standby
	rows_arrive alone
}

@test "installed again with the ini that was left, each finds nothing to do" {
	local role before
	for role in standby primary; do
		before=$(running_server $role)
		host_run $role mv /etc/pgrepl.ini.rpmsave /etc/pgrepl.ini
		host_run $role dnf -q -y install "pgrepl-$role-1.0"
		host_run $role systemctl start "pgrepl-$role"
		host_journal $role -t "pgrepl-$role" -n 1 | contains 'nothing to do$'
		diff <(echo "$before") <(running_server $role)
		done_file $role $role
	done
}

@test "dnf swap makes a standby's host one of a primary, and its server stays the standby that it is" {
	local before
	before=$(running_server standby)
	host_run standby dnf -q -y swap pgrepl-standby pgrepl-primary
	host_run standby rpm -q pgrepl-primary
	run ! host_run standby rpm -q pgrepl-standby
	diff <(echo "$before") <(running_server standby)
	host_run standby systemctl show -p LoadState pgrepl-standby | contains '=not-found$'
	[ "$(host_run standby systemctl is-enabled pgrepl-primary)" = enabled ]
	host_run standby grep -qF "$(password_of_lab)" /etc/pgrepl.ini
	run -78 host_run standby pgrepl-primary setup
	contains 'error: .* holds a standby: promote it' <<<"$output"
	diff <(echo "$before") <(running_server standby)
	rows_arrive swapped
}

@test "once it is promoted, the new primary's package adopts it" {
	host_run_as standby postgres "/usr/pgsql-$LAB_PGMAJOR/bin/pg_ctl" -s -w -D "$DATA" promote
	# a standby's max_connections is not a primary's
	host_set standby allow_restart on
	host_run standby systemctl start pgrepl-primary
	host_run standby pgrepl-primary status | contains '^role: primary'
	finds_nothing_to_do standby primary
	[ "$(host_sql standby 'select count(*) from diary')" -ge 4 ]
}
