# Real servers on loopback, created as by a user without root: with the two programs, from ini files
# with server_control = pg_ctl.
#
#   pair_open                          creates $PAIR, a folder for everything: before each test, unless the file
#                                      has its own setup
#   pair_close                         stops and removes it all: after each test, likewise
#   start_primary, start_standby NAME  set up and running; start_new_primary if initdb has to be run for it
#   ini NAME [SECTION.KEY=VALUE]...    writes $PAIR/NAME.ini; data in $PAIR/NAME, a free port
#   pgrepl NAME COMMAND...             runs pgrepl-primary when NAME starts with "primary", else pgrepl-standby
#   sql NAME "SQL" [psql argument]...  rows as a|b, as the superuser through the socket
#   port_of NAME, pid_of NAME, stop NAME
#
# Everything runs as postgres when bats runs as root, else as the current user. The programs are those
# in build/, or in the folder $PGREPL_PROGRAMS.
# shellcheck shell=bash

# scripts/check sweeps without bats
! declare -F bats_require_minimum_version >/dev/null || bats_require_minimum_version 1.5.0
# The reader of its output must not hide a command that fails.
set -o pipefail

pair_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib/wait.bash
. "$pair_lib/wait.bash"
# shellcheck source=tests/lib/need.bash
. "$pair_lib/need.bash"
# shellcheck source=tests/lib/expect.bash
. "$pair_lib/expect.bash"
# shellcheck source=tests/lib/cache.bash
. "$pair_lib/cache.bash"
# shellcheck source=tests/lib/process.bash
. "$pair_lib/process.bash"

# as_server COMMAND...: as the user who runs servers. Also an array, so that $! is the command itself.
as_server=()
if [ "$(id -u)" = 0 ]; then
	as_server=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

as_server() {
	"${as_server[@]}" "$@"
}

# --- the folder -----------------------------------------------------------------------------------

# Where folders of pairs may be. A pair in memory takes half the CPU time of one on disk.
pair_homes=(/dev/shm /tmp)

# pair_ready: what all the pairs of a file have in common.
pair_ready() {
	PGMAJOR=${PGREPL_TEST_MAJOR:-12}
	PG=$("$pair_lib/postgresql-tree" "$PGMAJOR")
	PAIR_HOME=$(pair_home)
	export PGMAJOR PG PAIR_HOME
	pair_sweep
}

# pair_home: memory, if there is plenty and programs may be run from it; else the disk.
pair_home() {
	local home=${pair_homes[0]} enough=$((4 << 20)) free available
	free=$(df -k --output=avail "$home" 2>/dev/null | tail -n 1)
	available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	if [ "${free:-0}" -lt $enough ] || [ "${available:-0}" -lt $enough ] || [ ! -w "$home" ] ||
		grep -q "^[^ ]* $home [^ ]* [^ ]*noexec" /proc/self/mounts; then
		home=${pair_homes[1]}
	fi
	echo "$home"
}

# pair_open: the name of the folder says who its owner is.
pair_open() {
	local owner
	[ -n "${PAIR_HOME:-}" ] || pair_ready
	owner=$(process_mark $$)
	PAIR=$(mktemp -d "$PAIR_HOME/pgrepl-pair.${owner/ /.}.XXXXXX")
	export PAIR
	mkdir "$PAIR/bin" "$PAIR/ports"
	cp "${PGREPL_PROGRAMS:-$pair_lib/../../build}"/pgrepl-{primary,standby} "$PAIR/bin/"
	if [ -n "${PGREPL_PROGRAMS:-}" ]; then
		# with the libraries that come with them
		find "$PGREPL_PROGRAMS" -maxdepth 1 -name 'lib*.so.*' -exec cp -t "$PAIR/bin" {} +
	fi
	# one for all pairs of a run: prepared clusters have it. Nobody else knows the folder it is made from.
	(umask 077 && sha256sum <<<"$BATS_RUN_TMPDIR" | cut -c1-24 >"$PAIR/password")
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$PAIR"
	fi
}

# A test that is skipped early has no folder to remove.
pair_close() {
	[ -z "${PAIR:-}" ] || pair_remove "$PAIR"
}

# A file whose pairs need something else defines its own.
setup_file() {
	pair_ready
}

setup() {
	pair_open
}

teardown() {
	explain
	pair_close
}

# processes_of DIR: every process that runs from it, works in it or has it in an argument.
processes_of() {
	local escaped=${1//./\\.} path
	local -A found=()
	# whatever this finds gets killed
	[[ $1 == */pgrepl-pair.* ]] || {
		printf 'not in the folder of a pair: "%s"\n' "$1" >&2
		return 1
	}
	while read -r path; do
		path=${path#/proc/}
		found[${path%%/*}]=
	done < <(
		find /proc/[0-9]*/cwd /proc/[0-9]*/exe -maxdepth 0 -lname "$1/*" 2>/dev/null
		# the brackets keep grep from finding itself
		grep -lsz -- "[${escaped:0:1}]${escaped:1}[/.]" /proc/[0-9]*/cmdline
	)
	[ ${#found[@]} = 0 ] || printf '%s\n' "${!found[@]}"
}

no_process_of() {
	local pids
	pids=$(processes_of "$1")
	[ -z "$pids" ] || {
		ps -o pid,ppid,stat,args -p "${pids//$'\n'/,}"
		return 1
	}
}

kill_all_of() {
	local pids
	mapfile -t pids < <(processes_of "$1")
	[ ${#pids[@]} = 0 ] || {
		kill -KILL "${pids[@]}" 2>/dev/null || :
		no_process_of "$1"
	}
}

have_ended() {
	local pid
	for pid; do
		! process_mark "$pid" || return 1
	done
}

# Servers that get SIGQUIT remove their shared memory; killed ones leave it in /dev/shm.
quit_all_of() {
	local pids
	mapfile -t pids < <(processes_of "$1")
	[ ${#pids[@]} -gt 0 ] || return 0
	kill -QUIT "${pids[@]}" 2>/dev/null || :
	kill -CONT "${pids[@]}" 2>/dev/null || :
	eventually 30 have_ended "${pids[@]}" >/dev/null || :
}

pair_remove() {
	quit_all_of "$1"
	eventually kill_all_of "$1"
	rm -rf "$1"
}

# pair_owner FOLDER: the process that created it, by its name; nothing for any other folder.
pair_owner() {
	[[ $1 =~ /pgrepl-pair\.([0-9]+)\.([0-9]+)\.[^/]+$ ]] || return 1
	echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

# pair_sweep: removes what a killed run has left.
pair_sweep() {
	local folder owner lock
	for folder in "${pair_homes[0]}"/pgrepl-pair.* "${pair_homes[1]}"/pgrepl-pair.*; do
		owner=$(pair_owner "$folder") || continue
		if { [ -O "$folder" ] || [ "$(id -u)" = 0 ]; } && ! process_lives "$owner"; then
			# another file may be sweeping it
			{ exec {lock}<"$folder"; } 2>/dev/null || continue
			! flock -n "$lock" || pair_remove "$folder"
			exec {lock}<&-
		fi
	done
}

# --- servers --------------------------------------------------------------------------------------

is_taken() {
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null || compgen -G "$PAIR_HOME/pgrepl-pair.*/ports/$1" >/dev/null
}

# Below the kernel's range for client ports.
port_of() {
	local port
	if [ ! -e "$PAIR/ports/of-$1" ]; then
		port=$((20000 + RANDOM % 12000))
		while is_taken "$port"; do
			port=$((20000 + RANDOM % 12000))
		done
		: >"$PAIR/ports/$port"
		echo "$port" >"$PAIR/ports/of-$1"
	fi
	cat "$PAIR/ports/of-$1"
}

# ini NAME [SECTION.KEY=VALUE]...: a working one for its role; an empty value leaves a key out.
ini() {
	local name=$1 section setting key
	local -A keys=(
		[common.primary_host]=127.0.0.1
		[common.primary_port]=$(port_of primary)
		[common.replication_password]=$(<"$PAIR/password")
		[common.data_directory]=$PAIR/$name
		[common.bin_directory]=$PG/bin
		[common.server_control]=pg_ctl
		[primary.standby_networks]='127.0.0.0/8, ::1/128'
		[primary.settings.unix_socket_directories]=$PAIR
		[primary.settings.shared_buffers]=8MB
		[standby.port]=$(port_of "$name")
		[standby.application_name]=$name
		[standby.settings.unix_socket_directories]=$PAIR
		[standby.settings.shared_buffers]=8MB
	)
	shift
	for setting; do
		keys[${setting%%=*}]=${setting#*=}
	done
	for section in common primary primary.settings standby standby.settings; do
		printf '[%s]\n' "$section"
		for key in "${!keys[@]}"; do
			if [ "${key%.*}" = "$section" ] && [ -n "${keys[$key]}" ]; then
				printf '%s = %s\n' "${key##*.}" "${keys[$key]}"
			fi
		done
	done >"$PAIR/$name.ini"
	chmod 600 "$PAIR/$name.ini"
	if [ "$(id -u)" = 0 ]; then
		chown postgres: "$PAIR/$name.ini"
	fi
}

program_of() {
	case $1 in
	primary*) echo "$PAIR/bin/pgrepl-primary" ;;
	*) echo "$PAIR/bin/pgrepl-standby" ;;
	esac
}

# bats waits for every process that has its descriptors: a server must not.
pgrepl() {
	local name=$1
	shift
	"${as_server[@]}" timeout 600 "$(program_of "$name")" --config "$PAIR/$name.ini" "$@" 3>&- 4>&-
}

# pgrepl_in_background NAME COMMAND...: $! is the program itself; its output is in $PAIR/NAME.out.
pgrepl_in_background() {
	local name=$1
	shift
	"${as_server[@]}" "$(program_of "$name")" --config "$PAIR/$name.ini" "$@" </dev/null >"$PAIR/$name.out" 2>&1 3>&- 4>&- &
}

# traced NAME TRACE STRACE-ARGUMENT...: its setup, under strace, in the background; $! is the program itself. Only
# root sees the strings that a process with secrets in its memory passes to the kernel.
traced() {
	local name=$1 trace=$2 user=()
	shift 2
	[ "$(id -u)" != 0 ] || user=(-u postgres)
	strace "${user[@]}" -D -f -q -o "$trace" "$@" "$(program_of "$name")" --config "$PAIR/$name.ini" setup \
		</dev/null >"$PAIR/$name.out" 2>&1 3>&- 4>&- &
}

# trace_shows TRACE REGEX: by now.
trace_shows() {
	contains "$2" <"$1"
}

# trace_is_whole TRACE: the program has ended, and strace has written all of it.
trace_is_whole() {
	trace_shows "$1" "^$(awk '{ print $1; exit }' "$1") +\\+\\+\\+ (exited|killed)"
}

# connections_of NAME: how many its server has received so far; needs log_connections = on.
connections_of() {
	grep -c 'LOG:  connection received: ' "$PAIR/$1.log"
}

sql() {
	local name=$1 statement=$2
	shift 2
	"${as_server[@]}" env -i "$PG/bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$PAIR" -p "$(port_of "$name")" -d postgres \
		-c "$statement" "$@" 3>&- 4>&-
}

pid_of() {
	head -n 1 "$PAIR/$1/postmaster.pid"
}

# Without our environment: a server would search our $HOME for certificates.
pg_ctl() {
	"${as_server[@]}" env -i "$PG/bin/pg_ctl" -s "$@" 3>&- 4>&-
}

stop() {
	pg_ctl -D "$PAIR/$1" -m "${2:-fast}" stop
}

# prepare NAME MAKER: a stopped cluster in $PAIR/NAME, a copy of the one that MAKER created on first use in
# this run. All copies have the same system identifier.
prepare() {
	local made
	made=$(PGREPL_CACHE=$BATS_RUN_TMPDIR cache_path "pair-$PGMAJOR-$1" "$2" make_prepared "$@")
	cp -a --reflink=auto "$made/$1" "$PAIR/$1"
}

make_prepared() {
	"$3" "$2"
	mv "$PAIR/$2" "$1/"
}

make_by_hand() {
	as_server "$PG/bin/initdb" -D "$PAIR/$1" -A trust --no-sync >/dev/null
}

make_set_up() {
	ini "$1" common.primary_port="$(port_of "$1")"
	pgrepl "$1" setup
	stop "$1"
	rm "$PAIR/$1".{ini,log}
}

# by_hand NAME [LINE OF postgresql.conf]...: a running cluster without anything of ours, which trusts everybody.
by_hand() {
	local name=$1
	shift
	prepare "$name" make_by_hand
	printf '%s\n' "port = $(port_of "$name")" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' "$@" \
		>>"$PAIR/$name/postgresql.conf"
	pg_ctl -D "$PAIR/$name" -l "$PAIR/$name.log" -w start
}

# start_primary [primary.settings.NAME=VALUE]...: sets up a primary that others can clone, from a prepared
# cluster.
start_primary() {
	prepare primary make_set_up
	ini primary "$@"
	pgrepl primary setup
}

# start_new_primary [SECTION.KEY=VALUE]...: one from nothing; for keys that matter when a cluster is created.
start_new_primary() {
	ini primary "$@"
	pgrepl primary setup
}

# start_other_primary NAME: one that is unrelated to "primary", on its own port.
start_other_primary() {
	prepare "$1" make_set_up
	ini "$1" common.primary_port="$(port_of "$1")"
	pgrepl "$1" setup
}

start_standby() {
	local name=$1
	shift
	ini "$name" "$@"
	pgrepl "$name" setup
}

# limits_walsenders: the primary's server counts them against the connection limit of their role; newer minor
# versions do not. The role "replica" has a limit of 0.
limits_walsenders() {
	! PGPASSWORD=$(<"$PAIR/password") "$PG/bin/psql" -XAtq -c IDENTIFY_SYSTEM >/dev/null 2>&1 \
		"host=127.0.0.1 port=$(port_of primary) user=replica replication=true"
}

streams_now() {
	equal "$(sql "$2" "select state from pg_stat_replication where application_name = '$1'")" streaming
}

# streams NAME [FROM]: according to the upstream; a standby may still be catching up when setup is done.
streams() {
	eventually 10 streams_now "$1" "${2:-primary}"
}

# has_row NAME VALUE: the table "witness" has it.
has_row() {
	[ "$(sql "$1" "select count(*) from witness where what = '$2'")" = 1 ]
}

# replicates FROM TO: a row written on FROM can be read on TO.
replicates() {
	local what=$RANDOM$RANDOM$RANDOM
	sql "$1" "create table if not exists witness (what text); insert into witness values ('$what')"
	eventually 10 has_row "$2" "$what"
}

# wal_is_gone SEGMENT: it and all before it; the slot of a clone may keep it a moment longer.
wal_is_gone() {
	sql primary checkpoint
	equal "$(sql primary "select count(*) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}\$' and name <= '$1'")" 0
}

# remove_wal: the primary keeps no WAL for standbys any more, and what it had is gone.
remove_wal() {
	local last retained=wal_keep_size
	[ "$PGMAJOR" != 12 ] || retained=wal_keep_segments
	last=$(sql primary 'select pg_walfile_name(pg_current_wal_insert_lsn())')
	sql primary "alter system set $retained = 0"
	sql primary 'select pg_reload_conf()' >/dev/null
	for _ in 1 2 3 4; do
		sql primary "create table if not exists filler (what text); insert into filler values ('x')"
		sql primary 'select pg_switch_wal()' >/dev/null
	done
	eventually wal_is_gone "$last"
}

# --- a clone that is held halfway ----------------------------------------------------------------

# start_held_clone CONDITION...: runs the setup of "standby" in the background, and stops the process that
# sends it its clone as soon as the condition holds. A sparse file in its folder, which is cloned after the
# tablespaces, makes the primary large. $standby is the monitor, $worker its worker.
start_held_clone() {
	as_server truncate -s 2G "$PAIR/primary/ballast"
	pgrepl_in_background standby setup
	standby=$!
	eventually "$@"
	clone_sender=$(sql primary "select pid from pg_stat_replication where state = 'backup'")
	kill -STOP "$clone_sender"
	# shellcheck disable=SC2034 # for the tests
	worker=$(pgrep -P "$standby")
	[ ! -e "$PAIR/standby/PG_VERSION" ]
}

# let_go: the sender continues, and finds that nobody is listening; the next clone is of a small primary.
let_go() {
	kill -CONT "$clone_sender"
	rm "$PAIR/primary/ballast"
}

sends_backups() {
	equal "$(sql primary "select count(*) from pg_stat_replication where state = 'backup'")" "$1"
}

# hold_checkpoints [NAME]: a clone waits for one before it sends anything. let_checkpoints_go
hold_checkpoints() {
	checkpointer=$(sql "${1:-primary}" "select pid from pg_stat_activity where backend_type = 'checkpointer'")
	kill -STOP "$checkpointer"
}

let_checkpoints_go() {
	kill -CONT "$checkpointer"
}

# --- what is on disk ------------------------------------------------------------------------------

# listing [PATH]...: every name with kind, mode, owner, times, inode, and the checksum of every file;
# by default of everything in $PAIR.
listing() {
	[ $# -gt 0 ] || set -- "$PAIR" -mindepth 1
	find "$@" ! -path "$PAIR/*.out" -printf '%p %y %m %u:%g %s %T@ %C@ %i %l\n' | sort
	find "$@" -type f ! -path "$PAIR/*.out" -exec sha256sum {} + | sort
}

# configuration_of NAME: the same for what setup writes and a server does not.
configuration_of() {
	local file files=()
	for file in "$PAIR/$1.ini" "$PAIR/$1.pgpass" \
		"$PAIR/$1"/{PG_VERSION,standby.signal,{postgresql,postgresql.auto,pgrepl,pg_hba,pg_ident}.conf,server.{crt,key}}; do
		[ ! -e "$file" ] || files+=("$file")
	done
	[ ${#files[@]} -gt 5 ]
	listing "${files[@]}"
}

# --- what a test expects --------------------------------------------------------------------------

# says NAME REGEX: the program in the background has printed it.
says() {
	contains "$2" <"$PAIR/$1.out"
}

# setting_of NAME PARAMETER: the value in force in the server.
setting_of() {
	sql "$1" "select setting from pg_settings where name = '$2'"
}

# unchanged BEFORE AFTER: compares two listings.
unchanged() {
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# explain: the last output of the servers, for a test that failed.
explain() {
	local file
	if [ -n "${BATS_TEST_COMPLETED:-}" ] || [ -n "${BATS_TEST_SKIPPED:-}" ]; then
		return
	fi
	printf 'the last command printed:\n%s\n' "${output:-}"
	for file in "$PAIR"/*.out "$PAIR"/*.log; do
		if [ -s "$file" ]; then
			printf -- '--- %s\n' "$file"
			tail -n 25 "$file"
		fi
	done
}
