#!/usr/bin/env bats
# The next run sweeps what a killed run has left behind, but not what belongs to a live process.
# bats file_tags=once

load ../lib/pair

setup() {
	owner='' parent=''
}

teardown() {
	kill -KILL ${owner:+"$owner"} ${parent:+"$parent"} 2>/dev/null || :
	rm -rf "$PAIR_HOME"/pgrepl-pair.*.*."of-$$"
}

# A process of ours whose command line mentions neither tests nor a folder.
start_owner() {
	(exec -a anything sleep infinity) 3>&- 4>&- &
	owner=$!
}

end_owner() {
	kill -KILL "$owner"
	wait "$owner" || :
}

# leave MARK: $folder, as pair_open creates it for the process with that mark.
leave() {
	folder=$PAIR_HOME/pgrepl-pair.${1/ /.}.of-$$
	mkdir -p "$folder/primary"
	echo 12 >"$folder/primary/PG_VERSION"
}

# Another file may be sweeping it.
is_gone() {
	[ ! -e "$folder" ]
}

@test "the folder of a live owner is kept, whatever its command line" {
	start_owner
	leave "$(process_mark "$owner")"
	pair_sweep
	[ -e "$folder/primary/PG_VERSION" ]
}

@test "the folder of an owner that is gone is swept, and processes that work in it are ended" {
	local server
	start_owner
	leave "$(process_mark "$owner")"
	(cd "$folder/primary" && exec sleep infinity) 3>&- 4>&- &
	server=$!
	end_owner
	pair_sweep
	eventually is_gone
	# by SIGQUIT or SIGKILL
	wait "$server" || [[ $? == @(131|137) ]]
}

@test "the folder of an owner whose pid now belongs to another process is swept" {
	local pid start
	start_owner
	read -r pid start <<<"$(process_mark "$owner")"
	leave "$pid $((start - 1))"
	pair_sweep
	eventually is_gone
	kill -0 "$owner"
}

@test "the folder of an owner that is a zombie is swept" {
	local mark
	# its parent becomes a program that never waits
	sh -c 'sleep infinity & echo $! >"$0"; exec sleep infinity' "$BATS_TEST_TMPDIR/child" 3>&- 4>&- &
	parent=$!
	eventually test -s "$BATS_TEST_TMPDIR/child"
	owner=$(<"$BATS_TEST_TMPDIR/child")
	mark=$(process_mark "$owner")
	leave "$mark"
	pair_sweep
	[ -e "$folder" ]
	kill -KILL "$owner"
	is_a_zombie() {
		grep '^State:.*Z' "/proc/$owner/status"
	}
	eventually is_a_zombie
	pair_sweep
	eventually is_gone
}

@test "a folder that no pair has created is left alone" {
	leave 'by hand'
	pair_sweep
	[ -e "$folder" ]
}
