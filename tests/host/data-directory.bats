#!/usr/bin/env bats
# Data that are elsewhere than PGDG puts them: where a drop-in of the service says, or on a disk of
# their own that is mounted on PGDATA. What is in them, which the majors differ in, tests/pair sees to.
# bats file_tags=once

load hosts

setup_file() {
	lab_start
	create_installed primary primary
	create_installed standby standby
}

starts_over() {
	local name
	for name in "$@"; do
		host_pull_plug "$name"
		rm -f "$(host_root "$name")"/var/lib/pgrepl/*.done
	done
}

# is_made_in NAME PATH: the server works there, all of it is the server's own, and nothing is left over.
is_made_in() {
	[ "$(host_sql "$1" 'show data_directory')" = "$2" ]
	[ "$(host_run "$1" stat -L -c '%U:%a' "$2")" = postgres:700 ]
	host_run "$1" find "$2/" ! -user postgres -ls | lacks .
	host_run "$1" find "$2/" "$(dirname "$2")" -maxdepth 1 -name '*pgrepl-staging*' | lacks .
}

# dies_while_moving_up NAME ROLE: setup is killed at a rename that finds some of the cluster's files in
# their place, and others not.
dies_while_moving_up() {
	local at
	for at in 14 12 10; do
		! host_run "$1" strace -f -b execve -qq -o /root/trace -e trace=rename \
			-e "inject=rename:signal=KILL:when=$at" "pgrepl-$2" setup || return 1
		! is_half_in_place "$1" || return 0
	done
	return 1
}

is_half_in_place() {
	host_run "$1" test -d "$DATA/.pgrepl-staging.whole" -a ! -e "$DATA/PG_VERSION" &&
		host_run "$1" find "$DATA" -mindepth 1 -maxdepth 1 ! -name '.*' ! -name lost+found | contains .
}

@test "a drop-in's PGDATA is where both roles make their cluster" {
	local name
	for name in primary standby; do
		set_pgdata $name /data/pg
		install -d -o 26 -g 26 "$(host_root $name)/data"
		boot_unstarted $name $name
	done
	host_run primary pgrepl-primary setup --dry-run | contains '^would +in place +.*/data/pg$'
	host_run primary systemctl start pgrepl-primary
	host_run standby systemctl start pgrepl-standby
	wait_until_streams primary standby
	is_made_in primary /data/pg
	is_made_in standby /data/pg
	is_empty standby "$DATA"
}

@test "a data_directory in the ini that the service does not have is refused with 78, and what to do is said" {
	local role
	for role in primary standby; do
		host_set $role data_directory "$DATA"
		run -78 host_run $role pgrepl-$role setup
		contains "error: data_directory is \"$DATA\", and postgresql-$LAB_PGMAJOR.service uses \"/data/pg\"" <<<"$output"
		contains 'hint: .*systemctl edit' <<<"$output"
		is_empty $role "$DATA"
		host_set $role data_directory /data/pg/
		finds_nothing_to_do $role $role
	done
}

@test "a new folder in one that is root's takes the cluster too" {
	starts_over primary standby
	local role
	for role in primary standby; do
		set_pgdata $role /data/of-root/pg
		host_unset $role data_directory
		install -d "$(host_root $role)"/data/of-root{,/pg}
		host_boot $role
	done
	host_wait_set_up primary primary
	host_wait_set_up standby standby
	wait_until_streams primary standby
	is_made_in primary /data/of-root/pg
	is_made_in standby /data/of-root/pg
	[ "$(host_run standby stat -c '%U:%a' /var/lib/pgsql/.pgrepl-data-of-root-pg.pgpass)" = postgres:600 ]
}

@test "a link in the place of PGDATA, or on the way to it, is followed to where the data belongs" {
	starts_over primary standby
	local role
	for role in primary standby; do
		rm -r "$(host_root $role)/etc/systemd/system/postgresql-$LAB_PGMAJOR.service.d"
		install -d -m 700 -o 26 -g 26 "$(host_root $role)"/srv/{pgsql,linked}
	done
	rmdir "$(host_root primary)$DATA"
	ln -s /srv/linked "$(host_root primary)$DATA"
	cp -a "$(host_root standby)/var/lib/pgsql/." "$(host_root standby)/srv/pgsql"
	rm -r "$(host_root standby)/var/lib/pgsql"
	ln -s /srv/pgsql "$(host_root standby)/var/lib/pgsql"
	host_boot primary
	host_boot standby
	host_wait_set_up primary primary
	host_wait_set_up standby standby
	wait_until_streams primary standby
	[ -e "$(host_root primary)/srv/linked/PG_VERSION" ]
	[ -e "$(host_root standby)/srv/pgsql/$LAB_PGMAJOR/data/PG_VERSION" ]
	for role in primary standby; do
		is_made_in $role "$DATA"
		finds_nothing_to_do $role $role
	done
	# by whichever name
	host_set primary data_directory /srv/linked
	finds_nothing_to_do primary primary
	host_unset primary data_directory
	rm "$(host_root primary)$DATA" "$(host_root standby)/var/lib/pgsql"
	mv "$(host_root standby)/srv/pgsql" "$(host_root standby)/var/lib/pgsql"
	rm -r "$(host_root standby)$DATA"
	for role in primary standby; do
		install -d -m 700 -o 26 -g 26 "$(host_root $role)$DATA"
	done
}

@test "a disk with lost+found, new and still root's, is mounted on PGDATA: both roles are made on it" {
	starts_over primary standby
	local role
	for role in primary standby; do
		host_add_disk $role "$DATA"
	done
	host_boot primary
	host_boot standby
	host_wait_set_up primary primary
	host_wait_set_up standby standby
	wait_until_streams primary standby
	for role in primary standby; do
		is_made_in $role "$DATA"
		host_run $role test -d "$DATA/lost+found"
		host_run $role findmnt -n -o FSTYPE "$DATA" | contains '^ext4$'
		finds_nothing_to_do $role $role
	done
	host_run standby find /var/lib/pgsql -xdev -name '*pgpass*' | contains "^/var/lib/pgsql/\.pgrepl-var-lib-pgsql-$LAB_PGMAJOR-data\.pgpass\$"
}

@test "they stream after a clean boot and after a pulled plug" {
	host_power_off standby
	host_power_off primary
	host_boot primary
	host_boot standby
	wait_until_streams primary standby
	host_pull_plug standby
	host_pull_plug primary
	host_boot primary
	host_boot standby
	wait_until_streams primary standby
}

@test "the plug is pulled while a standby's files are moved up on such a disk: the next boot finishes, without a second clone" {
	create_installed moving standby
	host_add_disk moving "$DATA"
	boot_unstarted moving standby
	dies_while_moving_up moving standby
	host_pull_plug moving
	host_boot moving
	host_wait_set_up moving standby
	wait_until_streams primary moving
	host_journal moving -b -t pgrepl-standby | lacks 'base backup'
	is_made_in moving "$DATA"
}

@test "the same with a primary" {
	create_installed moving-primary primary
	host_add_disk moving-primary "$DATA"
	boot_unstarted moving-primary primary
	dies_while_moving_up moving-primary primary
	host_pull_plug moving-primary
	host_boot moving-primary
	host_wait_set_up moving-primary primary
	is_made_in moving-primary "$DATA"
	finds_nothing_to_do moving-primary primary
}

# mount_unit NAME WHAT TYPE OPTIONS: is to be mounted on PGDATA at boot; as with "nofail", the boot goes
# on when it cannot be.
mount_unit() {
	local units name
	units=$(host_root "$1")/etc/systemd/system
	name=$(systemd-escape --path --suffix=mount "$DATA")
	printf '[Mount]\nWhat=%s\nWhere=%s\nType=%s\nOptions=%s\n' "$2" "$DATA" "$3" "$4" >"$units/$name"
	printf '[Unit]\nDefaultDependencies=no\n' >>"$units/$name"
	mkdir -p "$units/local-fs.target.wants"
	ln -sf "../$name" "$units/local-fs.target.wants/$name"
}

@test "a folder of the same disk that is bound to PGDATA takes the cluster, which is there after a boot" {
	create_installed bound standby
	mkdir -p "$(host_root bound)/srv/data"
	mount_unit bound /srv/data none bind
	host_boot bound
	host_wait_set_up bound standby
	wait_until_streams primary bound
	[ -e "$(host_root bound)/srv/data/PG_VERSION" ]
	is_made_in bound "$DATA"
	host_power_off bound
	host_boot bound
	wait_until_streams primary bound
}

@test "a disk that should be mounted on PGDATA and cannot be: nothing is built under it" {
	create_installed missing standby
	mount_unit missing /srv/not-there.img ext4 loop
	host_boot missing
	host_wait_booted missing
	[ "$(host_run missing systemctl is-active multi-user.target)" = active ]
	[ "$(host_run missing systemctl show -p ActiveState -p ConditionResult pgrepl-standby)" = $'ActiveState=inactive\nConditionResult=no' ]
	is_empty missing "$DATA"
	host_run missing test ! -e /var/lib/pgrepl/standby.done
	run ! host_run missing systemctl start pgrepl-standby
	contains '^A dependency job for pgrepl-standby.service failed' <<<"$output"
	# and once it can be
	mkdir "$(host_root missing)/srv/data"
	mount_unit missing /srv/data none bind
	host_run missing systemctl daemon-reload
	host_run missing systemctl start pgrepl-standby
	wait_until_streams primary missing
	[ -e "$(host_root missing)/srv/data/PG_VERSION" ]
}
