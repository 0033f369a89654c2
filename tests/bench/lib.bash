# Shared by the parts of the benchmark: times, servers on loopback, and watching for streaming.
#
# Set by the caller:  BENCH_DIR     where the data goes: the file system that is timed
#                      BENCH_OUT     where the results go
#                      BENCH_PGREPL  the folder of the two programs
# shellcheck shell=bash

# A guard against a hang.
readonly give_up_s=1200

# The current run.
# shellcheck disable=SC2034 # not every part uses all of them
run='' major='' bin='' sockets='' primary_port='' standby_port=''

die() {
	printf 'bench: error: %s\n' "$1" >&2
	exit 1
}

### time, without starting a program

now_us() {
	printf '%s\n' "${EPOCHREALTIME/[.,]/}"
}

# nap SECONDS: sleeps without starting a process.
nap() {
	[ -n "${nap_fd:-}" ] || exec {nap_fd}<> <(:)
	read -rt "$1" -u "$nap_fd" || true
}

seconds() { # MICROSECONDS
	printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000))
}

# mark WHO WHAT: records that a phase of a procedure has just ended.
mark() {
	printf '%s\t%s\t%s\n' "${EPOCHREALTIME/[.,]/}" "$1" "$2" >>"$run/marks"
}

### programs

# The servers of a major version. For 15, the distribution's if repmgr is there: its extension needs them.
bin_of() { # MAJOR
	local folder
	if [ "$1" = 15 ]; then
		for folder in /usr/lib/postgresql/15/bin /usr/pgsql-15/bin; do
			if [ -x "$folder/repmgr" ]; then
				printf '%s\n' "$folder"
				return
			fi
		done
	fi
	folder=$(tests/lib/postgresql-tree "$1")
	printf '%s/bin\n' "$folder"
}

### ports

is_free() { # PORT
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Two consecutive free ones, below the kernel's range for client ports.
choose_ports() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		primary_port=$((12000 + RANDOM % 10000 * 2))
		standby_port=$((primary_port + 1))
		if is_free "$primary_port" && is_free "$standby_port"; then
			return
		fi
	done
	die 'found no free ports on loopback'
}

### servers

postmaster_of() { # PGDATA; prints the pid, fails if none runs
	local pid
	{ read -r pid <"$1/postmaster.pid"; } 2>/dev/null &&
		[ "$(readlink "/proc/$pid/cwd")" = "$(readlink -f "$1")" ] && printf '%s\n' "$pid"
}

# Not timed, and immediate: the data stays where it is and is not used again.
stop_server() { # PGDATA
	local pid deadline=$((${EPOCHREALTIME/[.,]/} + 20000000))
	pid=$(postmaster_of "$1") || return 0
	kill -QUIT "$pid"
	while [ -d "/proc/$pid" ] && [ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ]; do
		nap 0.02
	done
	[ ! -d "/proc/$pid" ] || die "the server $pid on $1 does not stop"
}

# The next run must not have to wait for writes that this one left pending.
settle() {
	sync -f "$BENCH_DIR"
}

### watching

# Is the server on PGDATA ready? Reads its pid file, without starting a program.
is_ready() { # PGDATA
	local lines=()
	{ mapfile -t lines <"$1/postmaster.pid"; } 2>/dev/null && [[ ${lines[7]:-} == ready* ]]
}

# Prints the time, in microseconds, at which pg_stat_replication on the primary first showed that the
# standby streams. A base backup streams too, but before there is a server on the standby's PGDATA. One
# session checks every 5 ms; another replaces it if the procedure restarts the server.
see_streaming() { # PRIMARY_PGDATA PORT STANDBY_PGDATA
	local said deadline=$((${EPOCHREALTIME/[.,]/} + give_up_s * 1000000))
	while [ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ]; do
		if ! is_ready "$1"; then
			nap 0.005
			continue
		fi
		said=$("$bin/psql" -XqAt -h "$sockets" -p "$2" -d postgres 2>/dev/null <<-SQL
			SET statement_timeout = '${give_up_s}s';
			DO \$\$ BEGIN LOOP
				PERFORM pg_stat_clear_snapshot();
				EXIT WHEN EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')
					AND (pg_stat_file('$3/postmaster.pid', true)).size > 0;
				PERFORM pg_sleep(0.005);
			END LOOP; END \$\$;
			SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
			SQL
		) || true
		if [ -n "$said" ]; then
			printf '%s\n' "$said"
			return
		fi
		nap 0.005
	done
	return 1
}
