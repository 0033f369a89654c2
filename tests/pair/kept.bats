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
	for _ in 1 2 3; do
		sql primary "create table if not exists filler (what text); insert into filler values ('x'); select pg_switch_wal()"
	done
	sql primary "alter system set $([ "$PGMAJOR" = 12 ] && echo wal_keep_segments || echo wal_keep_size) = 0"
	ini primary primary.settings."$([ "$PGMAJOR" = 12 ] && echo wal_keep_segments || echo wal_keep_size)"=0
	sql primary 'select pg_reload_conf()'
	sql primary 'checkpoint'
	sql primary 'checkpoint'
	ini standby
	run -0 pgrepl standby setup
	contains 'kept clone: clear the clone of an earlier run: .*requested WAL segment .* has already been removed' <<<"$output"
	contains '^changed +base backup' <<<"$output"
	equal "$(backups)" 2
	streams standby
}

@test "a complete clone of another primary is not used" {
	fail_late
	start_other_primary primary-other
	ini standby common.primary_port="$(port_of primary-other)"
	run -0 pgrepl standby setup
	streams standby primary-other
}

@test "a complete clone of an older timeline is not used" {
	fail_late
	as_server touch "$PAIR/primary/standby.signal"
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w restart
	pg_ctl -D "$PAIR/primary" -w promote
	ini standby
	run -0 pgrepl standby setup
	contains 'kept clone: clear the clone of an earlier run: it is on timeline 1, and the primary is on 2' <<<"$output"
	streams standby
}

@test "the tablespaces of a complete clone are kept with it, as long as the ini maps them as before" {
	local map
	as_server mkdir -p "$PAIR/there" "$PAIR/here"
	sql primary "create tablespace fast location '$PAIR/there'"
	sql primary "create table on_fast (what text) tablespace fast"
	map=standby.tablespace_mapping=$PAIR/there=$PAIR/here/fast
	fail_late "$map"
	ini standby "$map"
	run -0 pgrepl standby setup
	equal "$(backups)" 1
	equal "$(sql standby 'select count(*) from on_fast')" 0
	stop standby
	rm -r "$PAIR/standby" "$PAIR/here/fast"
	fail_late "$map"
	map=standby.tablespace_mapping=$PAIR/there=$PAIR/here/other
	ini standby "$map"
	run -0 pgrepl standby setup
	contains 'kept clone: clear the clone of an earlier run: tablespace_mapping was another one' <<<"$output"
	equal "$(sql standby 'select count(*) from on_fast')" 0
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
	start_other_primary primary-other
	ini standby common.primary_port="$(port_of primary-other)"
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
