#!/usr/bin/env bats
# The kernel here has SELinux switched off. So this looks at the commands that setup issues: in the place
# of SELinux's tools are programs that write down how they were called, and answer as the tools do on a
# host whose policy knows /var/lib/pgsql and no other folder.
# bats file_tags=once

load hosts

setup_file() {
	local role
	lab_start
	for role in primary standby; do
		create_installed $role $role
		put_tools_into $role
		boot_unstarted $role $role
	done
}

# /selinux/on: SELinux is enabled; /selinux/mislabelled: restorecon has something to do; /selinux/rules:
# what semanage was told; /selinux/calls: every call.
put_tools_into() {
	local tools
	tools=$(host_root "$1")/usr/sbin
	mkdir "$(host_root "$1")/selinux"
	chmod 777 "$(host_root "$1")/selinux"
	touch "$(host_root "$1")/selinux/calls"
	chmod 666 "$(host_root "$1")/selinux/calls"
	cat >"$tools/selinuxenabled" <<-'END'
		#!/bin/sh
		echo "$(id -un): selinuxenabled" >>/selinux/calls
		test -e /selinux/on
	END
	cat >"$tools/matchpathcon" <<-'END'
		#!/bin/sh
		echo "$(id -un): matchpathcon $*" >>/selinux/calls
		for last; do :; done
		case $(realpath -m "$last") in
		/var/lib/pgsql/*) type=postgresql_db_t ;;
		*) type=default_t; [ ! -s /selinux/rules ] || type=postgresql_db_t ;;
		esac
		echo "system_u:object_r:$type:s0"
	END
	cat >"$tools/restorecon" <<-'END'
		#!/bin/sh
		echo "$(id -un): restorecon $*" >>/selinux/calls
		for last; do :; done
		[ -e "$last" ] || exit 1
		[ -e /selinux/mislabelled ] || exit 0
		case " $* " in
		*' -n '*) echo "Would relabel $last from unlabeled_t to postgresql_db_t" ;;
		*) rm /selinux/mislabelled ;;
		esac
	END
	cat >"$tools/semanage" <<-'END'
		#!/bin/sh
		echo "$(id -un): semanage $*" >>/selinux/calls
		echo "$*" >>/selinux/rules
		touch /selinux/mislabelled
	END
	chmod 755 "$tools"/{selinuxenabled,matchpathcon,restorecon,semanage}
}

# calls NAME: since it was asked last, and by whom.
calls() {
	host_run "$1" sh -c 'cat /selinux/calls; : >/selinux/calls'
}

# relabelled NAME DIRECTORY [COMMAND]: by its owner, itself after all that is in it; before it, by COMMAND.
relabelled() {
	local calls
	calls=$(changing_calls "$1")
	printf '%s\n' "$calls"
	if [ -n "${3:-}" ]; then
		[ "$(head -n 1 <<<"$calls")" = "$3" ]
		calls=$(tail -n +2 <<<"$calls")
	fi
	[ "$(wc -l <<<"$calls")" = 2 ]
	head -n 1 <<<"$calls" | contains "^postgres: restorecon -R ($2/[^ ]+ ?)*\$"
	head -n 1 <<<"$calls" | contains " $2/PG_VERSION( |\$)"
	[ "$(tail -n 1 <<<"$calls")" = "postgres: restorecon $2" ]
}

changing_calls() {
	calls "$1" | grep -v -e ' selinuxenabled$' -e ' matchpathcon ' -e ' -n ' || true
}

@test "where SELinux is not enabled nothing of it is called but the question" {
	host_run primary pgrepl-primary setup | contains '^ok +labels +SELinux is not enabled'
	[ "$(calls primary | sed 's/.*: //' | sort -u)" = selinuxenabled ]
}

@test "where its tools are not installed it is taken for not enabled" {
	host_run primary mv /usr/sbin/selinuxenabled /selinux/
	host_run primary pgrepl-primary setup | contains '^ok +labels +SELinux is not enabled'
	host_run primary mv /selinux/selinuxenabled /usr/sbin/
	calls primary | lacks .
}

@test "where it is enabled and all is labelled, it is looked at and nothing is changed" {
	host_run primary touch /selinux/on
	host_run primary pgrepl-primary setup | contains "^ok +labels +$DATA is labelled as the policy requires"
	[ -z "$(changing_calls primary)" ]
}

@test "a dry run says what restorecon would do, and does not do it" {
	host_run primary touch /selinux/mislabelled
	host_run primary pgrepl-primary setup --dry-run | contains "^would +labels +restorecon -R $DATA\$"
	[ -z "$(changing_calls primary)" ]
	host_run primary test -e /selinux/mislabelled
}

@test "labels are restored, once, by the owner of the files" {
	host_run primary pgrepl-primary setup | contains "^changed +labels +$DATA is labelled as the policy requires"
	relabelled primary "$DATA"
	finds_nothing_to_do primary primary
	[ -z "$(changing_calls primary)" ]
}

@test "a tool that is missing is told with 78, and which packages have it" {
	host_run primary touch /selinux/mislabelled
	host_run primary mv /usr/sbin/restorecon /selinux/
	run -78 host_run primary pgrepl-primary setup
	contains 'error: could not run "/usr/sbin/restorecon"' <<<"$output"
	contains 'hint: .*policycoreutils' <<<"$output"
	host_run primary mv /selinux/restorecon /usr/sbin/
	host_run primary rm /selinux/mislabelled
	calls primary >/dev/null
}

# moves_to PATH: where a server is to be made anew.
moves_to() {
	host_run primary systemctl stop "postgresql-$LAB_PGMAJOR"
	set_pgdata primary "$1"
}

@test "a data folder that the policy does not know: a dry run says the rule, and makes none" {
	moves_to /data/pg12.new
	host_run primary install -d -o postgres /data
	run -0 host_run primary pgrepl-primary setup --dry-run
	contains "^would +label rules +semanage fcontext -a -t postgresql_db_t '/data/pg12[\\]\.new\([\\].pgpass.*/\.\*\)\?'\$" <<<"$output"
	contains "^would +labels +restorecon -R /data/pg12\.new\$" <<<"$output"
	[ -z "$(changing_calls primary)" ]
}

@test "it gets its rule, in which a dot is a dot, from root, then its labels, before the server is started" {
	host_run primary pgrepl-primary setup >"$BATS_TEST_TMPDIR/out"
	grep -E -A 5 '^changed +label rules' "$BATS_TEST_TMPDIR/out" | contains '^changed +cluster'
	contains '^changed +labels +/data/pg12.new is labelled as the policy requires' <"$BATS_TEST_TMPDIR/out"
	grep -E -A 5 '^changed +labels' "$BATS_TEST_TMPDIR/out" | contains '^changed +server'
	relabelled primary /data/pg12.new 'root: semanage fcontext -a -t postgresql_db_t /data/pg12\.new(\.pgpass|\.log|/.*)?'
	finds_nothing_to_do primary primary
	[ -z "$(changing_calls primary)" ]
}

@test "of two names for the folder the service's counts: a link in the ini keeps root from no rule" {
	host_run primary mv /selinux/rules /selinux/kept
	host_run primary ln -s pg12.new /data/way
	host_set primary data_directory /data//way/
	host_run primary pgrepl-primary setup --dry-run |
		contains "^would +label rules +semanage fcontext -a -t postgresql_db_t '/data/pg12"
	host_unset primary data_directory
	host_run primary mv /selinux/kept /selinux/rules
	calls primary >/dev/null
}

@test "a data folder behind a link is labelled where it is, and gets no rule from root" {
	moves_to /data/link
	host_run primary rm /selinux/rules
	host_run primary ln -s /data/real /data/link
	host_run primary install -d -o postgres -m 700 /data/real
	calls primary >/dev/null
	run -78 host_run primary pgrepl-primary setup
	contains "error: the SELinux policy has no rule for the directory that a link leads to" <<<"$output"
	lacks '^changed' <<<"$output"
	contains "hint: .*: semanage fcontext -a -t postgresql_db_t '/data/real\(" <<<"$output"
	[ -z "$(changing_calls primary)" ]
	host_run primary sh -c "$(sed -n 's/.* or run: //p' <<<"$output")"
	host_run primary pgrepl-primary setup | contains '^changed +labels +/data/real is labelled as the policy requires'
	relabelled primary /data/real 'root: semanage fcontext -a -t postgresql_db_t /data/real(\.pgpass|\.log|/.*)?'
}

@test "a dry run says the rule of a tablespace that the policy does not know" {
	host_run standby touch /selinux/on
	host_set standby tablespace_mapping /srv/fast=/srv/fast
	run -0 host_run standby pgrepl-standby setup --dry-run
	contains "^would +label rules +semanage fcontext -a -t postgresql_db_t '/srv/fast.*'\$" <<<"$output"
	contains "^would +labels +restorecon -R /srv/fast\$" <<<"$output"
	host_set standby tablespace_mapping /srv/fast=/srv/link/fast
	host_run standby mkdir /srv/real
	host_run standby ln -s /srv/real /srv/link
	run host_run standby pgrepl-standby setup --dry-run
	contains "^refused +label rules +the SELinux policy has no rule for the directory that a link leads to" <<<"$output"
	contains "hint: .*, or run: semanage fcontext -a -t postgresql_db_t '/srv/real/fast\(" <<<"$output"
	host_unset standby tablespace_mapping
}

@test "the mapping of a standby's tablespaces is no matter of a primary that has the same ini" {
	host_set primary tablespace_mapping /srv/fast=/srv/fast
	calls primary >/dev/null
	finds_nothing_to_do primary primary
	calls primary >"$BATS_TEST_TMPDIR/calls"
	contains 'matchpathcon' <"$BATS_TEST_TMPDIR/calls"
	lacks '/srv/fast' <"$BATS_TEST_TMPDIR/calls"
}

@test "a standby's password file is labelled with its data" {
	host_run standby touch /selinux/on /selinux/mislabelled
	calls standby >/dev/null
	host_run standby systemctl start pgrepl-standby
	changing_calls standby | tail -n 2 >"$BATS_TEST_TMPDIR/calls"
	[ "$(<"$BATS_TEST_TMPDIR/calls")" = "postgres: restorecon $DATA
postgres: restorecon $DATA.pgpass" ]
	wait_until_streams primary standby
}
