#!/usr/bin/env bats
# A complete clone that could not be put in place is not copied again.

load ../lib/pair

setup() {
	pair_open
	start_primary primary.settings.log_replication_commands=on
}

# backups: how many the primary has sent.
backups() {
	grep -c 'received replication command: BASE_BACKUP' "$PAIR/primary.log" || :
}

# A setting that only the complete clone shows to be wrong: a server's program does not look for this.
fail_late() {
	as_server sh -c "echo \"data_directory = '$PAIR/primary'\" >'$PAIR/common.conf'"
	as_server sed -i "1i include '$PAIR/common.conf'" "$PAIR/primary/postgresql.conf"
	ini standby "$@"
	run -78 pgrepl standby setup
	contains '^refused +staged directory' <<<"$output"
	contains 'the clone in ".*" is complete: the next setup will go on with it' <<<"$output"
	[ -e "$PAIR/standby.pgrepl-staging/pgrepl.clone" ]
	echo >"$PAIR/common.conf"
}

# refuses_and_keeps REASON SECTION.KEY=VALUE...: whatever the ini says, nothing of the clone is touched.
refuses_and_keeps() {
	local before reason=$1 command
	shift
	ini standby "$@"
	before=$(listing "$PAIR"/standby.pgrepl-staging "$PAIR"/here)
	for command in 'setup --dry-run' setup; do
		echo "$reason: $command"
		# shellcheck disable=SC2086
		run -78 pgrepl standby $command
		contains "$reason" <<<"$output"
		contains 'hint: ' <<<"$output"
		unchanged "$before" "$(listing "$PAIR"/standby.pgrepl-staging "$PAIR"/here)"
	done
}

@test "setup goes on with a complete clone once the setting is put right, and copies nothing again" {
	fail_late
	equal "$(backups)" 1
	# another mistake, found before, does not cost it either
	ini standby standby.settings.work_mem=nonsense
	run -78 pgrepl standby setup
	contains 'work_mem' <<<"$output"
	ini standby
	run -0 pgrepl standby setup --dry-run
	contains '^ok +kept clone +complete since an earlier run' <<<"$output"
	contains '^ok +base backup' <<<"$output"
	sql primary "create table later as select 'than the clone' as what"
	run -0 pgrepl standby setup
	contains '^ok +kept clone +complete since an earlier run' <<<"$output"
	contains '^ok +base backup' <<<"$output"
	equal "$(backups)" 1
	streams standby
	replicates primary standby
	equal "$(sql standby 'table later')" 'than the clone'
	[ ! -e "$PAIR/standby/pgrepl.clone" ]
	[ ! -e "$PAIR/standby.pgrepl-staging" ]
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a complete clone whose WAL the primary has removed is made anew, and the reason is given" {
	fail_late
	remove_wal
	ini standby
	run -0 pgrepl standby setup
	contains 'kept clone: clear the clone of an earlier run: .*requested WAL segment .* has already been removed' <<<"$output"
	contains '^changed +base backup' <<<"$output"
	equal "$(backups)" 2
	streams standby
}

@test "a complete clone outlives every setting that does not fit it, and setup goes on with it afterwards" {
	local map
	as_server mkdir -p "$PAIR/there" "$PAIR/here"
	sql primary "create tablespace fast location '$PAIR/there'"
	sql primary "create table on_fast (what text) tablespace fast"
	map=standby.tablespace_mapping=$PAIR/there=$PAIR/here/fast
	start_other_primary primary-other
	fail_late "$map"
	refuses_and_keeps 'it is of system [0-9]+, and .* has system [0-9]+' "$map" common.primary_port="$(port_of primary-other)"
	refuses_and_keeps 'does not have its tablespace ".*/here/fast.pgrepl-staging" any more' "${map/fast/other}"
	refuses_and_keeps 'hint: Map the tablespace to ".*/here/fast" again'
	refuses_and_keeps 'password' "$map" common.replication_password=wrong
	as_server sed -i 's/^timeline 1$/timeline 2/' "$PAIR/standby.pgrepl-staging/pgrepl.clone"
	refuses_and_keeps 'it is on timeline 2 .* newer than that of' "$map"
	as_server sed -i 's/^timeline 2$/timeline 1/' "$PAIR/standby.pgrepl-staging/pgrepl.clone"
	ini standby "$map"
	run -0 pgrepl standby setup
	equal "$(backups)" 1
	equal "$(sql standby 'select count(*) from on_fast')" 0
	streams standby
}

@test "pgrepl-primary does not clear a complete clone for an empty cluster" {
	local before
	fail_late
	ini primary-new common.data_directory="$PAIR/standby" common.primary_host=
	before=$(listing "$PAIR/standby.pgrepl-staging")
	run -78 pgrepl primary-new setup
	contains 'is a complete clone of a primary: no empty cluster is created in its stead' <<<"$output"
	unchanged "$before" "$(listing "$PAIR/standby.pgrepl-staging")"
	ini standby
	run -0 pgrepl standby setup
	equal "$(backups)" 1
}

@test "setup goes on with a complete clone of a primary that was promoted after it" {
	fail_late
	as_server touch "$PAIR/primary/standby.signal"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w restart
	pg_ctl -D "$PAIR/primary" -w promote
	ini standby
	run -0 pgrepl standby setup
	contains '^ok +kept clone +complete since an earlier run' <<<"$output"
	equal "$(backups)" 1
	streams standby
	replicates primary standby
}

@test "setup goes on with a complete clone from a standby of its primary" {
	start_standby sibling
	streams sibling
	fail_late
	ini standby common.primary_port="$(port_of sibling)"
	run -0 pgrepl standby setup
	equal "$(backups)" 2
	streams standby sibling
	replicates primary standby
}

@test "a complete clone with more WAL than the server that was promoted is made anew" {
	start_standby sibling
	streams sibling
	stop sibling
	sql primary "create table only_here ()"
	fail_late
	stop primary
	pg_ctl -D "$PAIR/sibling" -l "$PAIR/sibling.log" -w start
	pg_ctl -D "$PAIR/sibling" -w promote
	ini standby common.primary_port="$(port_of sibling)"
	run -0 pgrepl standby setup
	contains 'kept clone: clear the clone of an earlier run: it is on timeline 1 at .*, which has diverged from' <<<"$output"
	streams standby sibling
}

@test "a half-made clone is not taken for a complete one" {
	fail_late
	rm "$PAIR/standby.pgrepl-staging/pgrepl.clone"
	ini standby
	run -0 pgrepl standby setup
	contains '^changed +base backup' <<<"$output"
	equal "$(backups)" 2
}

@test "a mark that cannot be read counts as none" {
	fail_late
	as_server sh -c "echo nonsense >'$PAIR/standby.pgrepl-staging/pgrepl.clone'"
	ini standby
	run -0 pgrepl standby setup
	contains '^changed +base backup' <<<"$output"
}

# files_of_the_clone: how many there are.
files_of_the_clone() {
	find "$PAIR/standby.pgrepl-staging" -type f ! -name pgrepl.clone | wc -l
}

@test "a complete clone whose removal is interrupted is not taken for one any more" {
	need strace
	local at whole interrupted=0
	fail_late
	whole=$(files_of_the_clone)
	cp -a "$PAIR/standby.pgrepl-staging" "$PAIR/copy"
	remove_wal
	ini standby
	for at in 8 16 32 64 128; do
		traced standby "$PAIR/trace" -e trace=unlink,unlinkat,rmdir \
			-e "inject=unlink,unlinkat,rmdir:signal=KILL:when=$at"
		wait "$!" || :
		eventually no_process_of "$PAIR/standby.pgrepl-staging"
		if [ -e "$PAIR/standby.pgrepl-staging" ] && [ "$(files_of_the_clone)" -lt "$whole" ]; then
			[ ! -e "$PAIR/standby.pgrepl-staging/pgrepl.clone" ]
			interrupted=$((interrupted + 1))
		fi
		rm -rf "$PAIR/standby" "$PAIR"/standby.pgrepl-staging*
		cp -a "$PAIR/copy" "$PAIR/standby.pgrepl-staging"
	done
	echo "interrupted $interrupted times"
	[ "$interrupted" -ge 3 ]
}
