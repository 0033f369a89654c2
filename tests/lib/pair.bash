# Real servers on loopback, made as a user without root makes them: by the two programs, from ini
# files with server_control = pg_ctl.
#
#   pair_open                          in setup or setup_file: $PAIR, a folder that has everything
#   pair_close                         in teardown or teardown_file: stops and removes it all
#   ini NAME [SECTION.KEY=VALUE]...    writes $PAIR/NAME.ini; data in $PAIR/NAME, a free port
#   pgrepl NAME COMMAND...             runs pgrepl-primary when NAME starts with "primary", else pgrepl-standby
#   sql NAME "SQL" [psql argument]...  rows as a|b, as the superuser through the socket
#   port_of NAME, pid_of NAME, stop NAME
#
# Everything runs as postgres when bats runs as root, else as oneself. The programs are those in
# build/, or in the folder that $PGREPL_PROGRAMS names.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
# A command that fails must not be hidden by what reads its output.
set -o pipefail

pair_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib/wait.bash
. "$pair_lib/wait.bash"
# shellcheck source=tests/lib/need.bash
. "$pair_lib/need.bash"
# shellcheck source=tests/lib/expect.bash
. "$pair_lib/expect.bash"

# as_server COMMAND...: as the user who runs servers. Behind it words, so that $! is a command itself.
as_server=()
if [ "$(id -u)" = 0 ]; then
	as_server=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

as_server() {
	"${as_server[@]}" "$@"
}

# --- the folder -----------------------------------------------------------------------------------

pair_open() {
	PGMAJOR=${PGREPL_TEST_MAJOR:-12}
	PG=$("$pair_lib/postgresql-tree" "$PGMAJOR")
	pair_sweep
	PAIR=$(mktemp -d "/tmp/pgrepl-pair.$$.XXXXXX")
	export PGMAJOR PG PAIR
	mkdir "$PAIR/bin" "$PAIR/ports"
	cp "${PGREPL_PROGRAMS:-$pair_lib/../../build}"/pgrepl-{primary,standby} "$PAIR/bin/"
	if [ -n "${PGREPL_PROGRAMS:-}" ]; then
		# with the libraries that they bring along
		find "$PGREPL_PROGRAMS" -maxdepth 1 -name 'lib*.so.*' -exec cp -t "$PAIR/bin" {} +
	fi
	(umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$PAIR/password")
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$PAIR"
	fi
}

pair_close() {
	pair_remove "$PAIR"
}

# processes_of DIR: everybody who runs from it, works in it or was told its name.
processes_of() {
	local escaped=${1//./\\.}
	{
		find /proc/[0-9]* -maxdepth 1 \( -name cwd -o -name exe \) -lname "$1/*" -printf '%h\n' 2>/dev/null || :
		# the brackets keep grep from finding itself
		grep -lsz -- "[${escaped:0:1}]${escaped:1}[/.]" /proc/[0-9]*/cmdline | sed 's,/cmdline$,,' || :
	} | sed 's,^/proc/,,' | sort -nu
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
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || :
	no_process_of "$1"
}

# Servers that are told to quit take their shared memory along; killed ones leave it in /dev/shm.
quit_all_of() {
	local pids
	mapfile -t pids < <(processes_of "$1")
	[ ${#pids[@]} = 0 ] || kill -QUIT "${pids[@]}" 2>/dev/null || :
	[ ${#pids[@]} = 0 ] || kill -CONT "${pids[@]}" 2>/dev/null || :
}

pair_remove() {
	quit_all_of "$1"
	eventually 2 no_process_of "$1" >/dev/null 2>&1 || :
	eventually 20 kill_all_of "$1"
	rm -rf "$1"
}

# What a run that was killed has left: its folder is named after it.
pair_sweep() {
	local folder owner
	for folder in /tmp/pgrepl-pair.*; do
		[[ $folder =~ ^/tmp/pgrepl-pair\.([0-9]+)\.[^/]+$ ]] || continue
		owner=${BASH_REMATCH[1]}
		if [ -O "$folder" ] || [ "$(id -u)" = 0 ]; then
			# a pid may be somebody else's by now, or a zombie's, which has no arguments
			grep -qsa bats "/proc/$owner/cmdline" || pair_remove "$folder"
		fi
	done
}

# --- servers --------------------------------------------------------------------------------------

is_taken() {
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null || compgen -G "/tmp/pgrepl-pair.*/ports/$1" >/dev/null
}

# Below the range that the kernel gives to clients.
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

# ini NAME [SECTION.KEY=VALUE]...: a working one of its kind; an empty value leaves a key out.
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

# bats waits for whoever has its descriptors: a server must not.
pgrepl() {
	local name=$1
	shift
	"${as_server[@]}" timeout 60 "$(program_of "$name")" --config "$PAIR/$name.ini" "$@" 3>&- 4>&-
}

# pgrepl_in_background NAME COMMAND...: $! is the program itself; its output is in $PAIR/NAME.out.
pgrepl_in_background() {
	local name=$1
	shift
	"${as_server[@]}" "$(program_of "$name")" --config "$PAIR/$name.ini" "$@" </dev/null >"$PAIR/$name.out" 2>&1 3>&- 4>&- &
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

# Without our environment: a server would look for certificates in our $HOME.
pg_ctl() {
	"${as_server[@]}" env -i "$PG/bin/pg_ctl" -s "$@" 3>&- 4>&-
}

stop() {
	pg_ctl -D "$PAIR/$1" -m "${2:-fast}" stop
}

# stop_all: whatever runs; data stays.
stop_all() {
	eventually 20 kill_all_of "$PAIR"
}

# by_hand NAME [LINE OF postgresql.conf]...: a running cluster that has nothing of ours, and trusts everybody.
by_hand() {
	local name=$1
	shift
	as_server "$PG/bin/initdb" -D "$PAIR/$name" -A trust --no-sync >/dev/null
	printf '%s\n' "port = $(port_of "$name")" "unix_socket_directories = '$PAIR'" 'shared_buffers = 8MB' "$@" \
		>>"$PAIR/$name/postgresql.conf"
	pg_ctl -D "$PAIR/$name" -l "$PAIR/$name.log" -w start
}

# start_primary [SECTION.KEY=VALUE]...: a primary, set up, that others can clone.
start_primary() {
	ini primary "$@"
	pgrepl primary setup
}

start_standby() {
	local name=$1
	shift
	ini "$name" "$@"
	pgrepl "$name" setup
}

streams_now() {
	equal "$(sql "$2" "select state from pg_stat_replication where application_name = '$1'")" streaming
}

# streams NAME [FROM]: the upstream server says so; it may still be catching up when its setup is done.
streams() {
	eventually 10 streams_now "$1" "${2:-primary}"
}

# has_row NAME VALUE: the table "witness" has it.
has_row() {
	[ "$(sql "$1" "select count(*) from witness where what = '$2'")" = 1 ]
}

# replicates FROM TO: a row written on the one is read on the other.
replicates() {
	local what=$RANDOM$RANDOM$RANDOM
	sql "$1" "create table if not exists witness (what text); insert into witness values ('$what')"
	eventually 10 has_row "$2" "$what"
}

# --- what is on disk ------------------------------------------------------------------------------

# listing [PATH]...: every name with kind, mode, owner, times, inode, and the checksum of every file;
# of all that is in $PAIR unless told.
listing() {
	[ $# -gt 0 ] || set -- "$PAIR" -mindepth 1
	find "$@" ! -path "$PAIR/*.out" -printf '%p %y %m %u:%g %s %T@ %C@ %i %l\n' | sort
	find "$@" -type f ! -path "$PAIR/*.out" -exec sha256sum {} + | sort
}

# configuration_of NAME: the same of what setup writes and a server does not.
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

# says NAME REGEX: the program that runs in the background has said it.
says() {
	contains "$2" <"$PAIR/$1.out"
}

# setting_of NAME PARAMETER: what wins in the server.
setting_of() {
	sql "$1" "select setting from pg_settings where name = '$2'"
}

# unchanged BEFORE AFTER: two listings.
unchanged() {
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# explain: what the servers said last, for a test that failed.
explain() {
	local file
	if [ -n "${BATS_TEST_COMPLETED:-}" ] || [ -n "${BATS_TEST_SKIPPED:-}" ]; then
		return
	fi
	printf 'the last command said:\n%s\n' "${output:-}"
	for file in "$PAIR"/*.out "$PAIR"/*.log; do
		if [ -s "$file" ]; then
			printf -- '--- %s\n' "$file"
			tail -n 25 "$file"
		fi
	done
}
