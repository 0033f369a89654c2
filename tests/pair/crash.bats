#!/usr/bin/env bats
# Killed at any moment: strace kills the worker at its N-th call of one kind, with N spread over the run.
# Either nothing or a whole cluster is in place then, and the next setup succeeds.
# bats file_tags=once

load ../lib/pair

setup() {
	need strace
	pair_open
}

# setup_traced NAME STRACE-ARGUMENT...: a whole setup under strace, which detaches from the programs that
# setup executes. With -D strace is the child.
setup_traced() {
	local name=$1 apart=()
	shift
	# a killed server leaves its shared memory behind: a private /dev/shm goes with the last process
	if [ "$(id -u)" = 0 ]; then
		# shellcheck disable=SC2016 # that shell expands it
		apart=(unshare --mount sh -c 'exec 9<"$0" && mount -t tmpfs -o mode=1777 none /dev/shm && mkdir -p "$0" &&
			mount --no-canonicalize --bind /proc/self/fd/9 "$0" && exec "$@" 9<&-' "$PAIR")
	fi
	# shellcheck disable=SC2154 # set by the library
	"${apart[@]}" "${as_server[@]}" strace -D -f -b execve -qq "$@" \
		"$(program_of "$name")" --config "$PAIR/$name.ini" setup >"$PAIR/$name.out" 2>&1 </dev/null 3>&- 4>&-
}

# count_calls NAME: how often the worker makes each system call that walk uses.
count_calls() {
	local name=$1 worker
	setup_traced "$name" -o "$PAIR/$name.trace" -e trace=setsid,rename,fsync,unlinkat
	stop "$name" immediate
	eventually no_process_of "$PAIR/$name"
	worker=$(awk '/ setsid\(/ { print $1; exit }' "$PAIR/$name.trace")
	awk -v worker="$worker" '$1 == worker { sub(/\(.*/, "", $2); print $2 }' "$PAIR/$name.trace" |
		sort | uniq -c >"$PAIR/$name.calls"
	cat "$PAIR/$name.calls"
}

calls() {
	awk -v call="$2" '$2 == call { print $1 }' "$PAIR/$1.calls"
}

remove() {
	rm -rf "${PAIR:?}/$1" "${PAIR:?}/$1".{pgrepl-staging,pgpass,log}
}

# setup_killed NAME SYSCALL N: its process that makes the call for the N-th time is killed.
setup_killed() {
	local name=$1
	if setup_traced "$name" -o /dev/null -e trace="$2" -e inject="$2:signal=KILL:when=$3"; then
		printf 'no process was killed\n'
		return 1
	fi
	# the server was not to be killed, and may still run
	[ ! -e "$PAIR/$name/postmaster.pid" ] || stop "$name" immediate
	eventually no_process_of "$PAIR/$name"
}

# A cluster that is in place is complete for its role.
is_whole_or_absent() {
	local name=$1
	if [ -e "$PAIR/$name/PG_VERSION" ]; then
		[ -e "$PAIR/$name/pgrepl.conf" ]
		grep -q "^include 'pgrepl.conf'" "$PAIR/$name/postgresql.conf"
		case $name in
		standby*) [ -e "$PAIR/$name/standby.signal" ] ;;
		primary*) grep -q '^# END pgrepl' "$PAIR/$name/pg_hba.conf" ;;
		esac
	else
		[ ! -e "$PAIR/$name" ]
	fi
}

# points COUNT HOW_MANY: numbers from 1 to COUNT, evenly spaced.
points() {
	awk -v count="$1" -v many="$2" 'BEGIN {
		for (i = 0; i < many; i++)
			print 1 + int(i * (count - 1) / (many > 1 ? many - 1 : 1))
	}' | sort -nu
}

walk() {
	local name=$1 syscall=$2 many=$3 n
	for n in $(points "$(calls "$name" "$syscall")" "$many"); do
		printf 'killing %s at %s number %s\n' "$name" "$syscall" "$n"
		setup_killed "$name" "$syscall" "$n"
		cat "$PAIR/$name.out"
		is_whole_or_absent "$name"
		pgrepl "$name" setup
		[ ! -e "$PAIR/$name.pgrepl-staging" ]
		if [ "$name" = standby ]; then
			equal "$(sql standby 'select pg_is_in_recovery()')" t
			streams standby
		fi
		stop "$name" immediate
		remove "$name"
	done
}

start_walk_of_standby() {
	start_primary
	ini standby
	count_calls standby
	remove standby
}

@test "a standby whose setup is killed at a rename or a removal never becomes a second primary" {
	start_walk_of_standby
	walk standby rename 4
	walk standby unlinkat 1
}

@test "a standby whose setup is killed while it syncs never becomes a second primary" {
	start_walk_of_standby
	walk standby fsync 3
}

@test "a primary whose setup is killed at a rename or a sync is completed by the next setup" {
	ini primary
	count_calls primary
	remove primary
	walk primary rename 2
	walk primary fsync 2
}
