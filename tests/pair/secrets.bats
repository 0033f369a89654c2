#!/usr/bin/env bats
# Passwords and names of any kind arrive unchanged; no password turns up elsewhere.
# shellcheck disable=SC2030,SC2031 # each test has its own output

load ../lib/pair

# write_password NAME: writes stdin to $PAIR/NAME, as an operator would.
write_password() {
	(umask 077 && cat >"$PAIR/$1")
	[ "$(id -u)" != 0 ] || chown postgres: "$PAIR/$1"
}

every_printable_character() {
	local code
	for code in {32..126}; do
		printf '%b' "\\x$(printf %x "$code")"
	done
}

# --- nowhere else ---------------------------------------------------------------------------------

# sample FILE: over and over, the arguments and the environment of every process that was not there when it
# began; but not so often that nothing else gets done.
sample() {
	local process new
	local -A old=()
	for process in /proc/[0-9]*; do
		old[$process]=
	done
	while [ -d "$PAIR" ]; do
		new=()
		for process in /proc/[0-9]*; do
			[ -n "${old[$process]+there}" ] || new+=("$process"/{cmdline,environ})
		done
		cat "${new[@]}" /dev/null 2>/dev/null >>"$1" || :
		sleep 0.01
	done
}

no_password_in() {
	run -1 grep -raF -f "$PAIR/password" -f "$PAIR/superuser" "$@"
}

@test "no password is in a data folder, a log, an argument or an environment, even if the server logs all it can" {
	local sampler watch=(env -i)
	# only root can see the arguments that a process with secrets in its memory passes to others
	if [ "$(id -u)" = 0 ]; then
		need strace
		watch=(strace -u postgres -D -f --seccomp-bpf -qq -v -s 65536 -e trace=execve -A -o "$PAIR/execve")
	fi
	head -c 18 /dev/urandom | base64 | write_password superuser
	ini primary primary.superuser_password_file="$PAIR/superuser" primary.settings.log_statement=all \
		primary.settings.log_min_duration_statement=0 primary.settings.log_connections=on \
		primary.settings.log_replication_commands=on primary.settings.log_min_messages=debug1
	ini standby standby.settings.log_statement=all standby.settings.log_min_messages=debug1 \
		standby.settings.log_connections=on
	sample "$PAIR/samples" 3>&- 4>&- &
	sampler=$!
	"${watch[@]}" "$(program_of primary)" --config "$PAIR/primary.ini" setup >"$PAIR/primary.out" 2>&1 </dev/null 3>&- 4>&-
	# until it has been sampled
	hold_checkpoints
	"${watch[@]}" "$(program_of standby)" --config "$PAIR/standby.ini" setup >"$PAIR/standby.out" 2>&1 </dev/null 3>&- 4>&- &
	eventually grep -qaF pg_basebackup "$PAIR/samples"
	let_checkpoints_go
	wait "$!"
	sql primary "select 'this is logged'"
	pgrepl primary verify >"$PAIR/verify.out"
	pgrepl standby status >"$PAIR/status.out"
	kill "$sampler"
	# strace exits with its last tracee, and has written everything by then
	stop standby
	stop primary
	eventually no_process_of "$PAIR"
	# the right places are being searched
	if [ "$(id -u)" = 0 ]; then
		grep -q 'execve("[^"]*/pg_basebackup"' "$PAIR/execve"
		grep -q 'execve("[^"]*/initdb"' "$PAIR/execve"
		no_password_in "$PAIR/execve"
	fi
	grep -q 'this is logged' "$PAIR/primary.log"
	grep -qF -f "$PAIR/password" "$PAIR/standby.pgpass"
	no_password_in "$PAIR/primary" "$PAIR/standby" "$PAIR"/*.log "$PAIR"/*.out "$PAIR/samples"
}

@test "a verifier that is set in a running server is not in its log either" {
	start_primary primary.settings.log_statement=all primary.settings.log_min_duration_statement=0
	ini primary primary.settings.log_statement=all primary.settings.log_min_duration_statement=0 \
		common.replication_password=the-next-one primary.superuser_password=of-the-superuser
	pgrepl primary setup
	sql primary "select 'this is logged'"
	grep -q 'this is logged' "$PAIR/primary.log"
	lacks 'SCRAM-SHA-256\$|the-next-one|of-the-superuser' <"$PAIR/primary.log"
}

# --- in memory ------------------------------------------------------------------------------------

# start_waiting: a standby whose primary is not up; $helper and $worker are its two processes.
start_waiting() {
	ini standby
	pgrepl_in_background standby setup
	helper=$!
	eventually says standby 'waiting for the primary'
	worker=$(pgrep -P "$helper")
}

stop_waiting() {
	kill "$helper"
	wait "$helper" || equal "$?" 143
}

@test "nobody but root can read the memory of a helper or of its worker" {
	local helper worker process
	start_waiting
	for process in "$helper" "$worker"; do
		# the /proc files of a process that cannot be dumped belong to root
		equal "$(stat -c '%u %n' "/proc/$process/"{environ,maps,mem} | cut -d' ' -f1 | sort -u)" 0
	done
	stop_waiting
}

@test "its memory is hidden before the ini is read, and again after the change of user" {
	local trace
	[ "$(id -u)" = 0 ] || skip 'a change of user needs root'
	need strace
	ini standby standby.wait_timeout=100ms
	chown root: "$PAIR/standby.ini"
	trace=$PAIR/trace
	run -75 strace -f -qq -o "$trace" -e trace=prctl,setuid,openat,execve \
		"$(program_of standby)" --config "$PAIR/standby.ini" setup 3>&- 4>&-
	# the calls that count, in order; the programs it executes hide nothing
	sed -nE 's/.*prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE.*/hidden/p; s/.*setuid\(([0-9]+)\) += 0$/user \1/p
		s/.*openat\(.*standby\.ini".*/ini/p' "$trace" | tee "$PAIR/order"
	equal "$(<"$PAIR/order")" "$(printf '%s\n' hidden ini "user $(id -u postgres)" hidden)"
}

@test "a descriptor that the caller left open is closed before anything else" {
	local helper worker process
	as_server touch "$PAIR/left-open"
	start_waiting 7<"$PAIR/left-open" 63<&7
	for process in "$helper" "$worker"; do
		readlink "/proc/$process/fd/"* | tee /dev/stderr | lacks '/left-open$'
	done
	stop_waiting
}

# copies_in PID: where in its memory the password is, one line per copy: what is mapped there.
copies_in() {
	local range mode name start end
	while read -r range mode _ _ _ name; do
		[[ $mode == rw* ]] || continue
		start=$((16#${range%-*})) end=$((16#${range#*-}))
		dd if="/proc/$1/mem" bs=4096 skip=$((start / 4096)) count=$(((end - start) / 4096)) 2>/dev/null |
			{ grep -aoF -f "$PAIR/password" || :; } | sed "s|.*|${name:-no name}|"
	done <"/proc/$1/maps"
}

# That one copy is the setting. libpq, in the worker, has more while it connects and does not wipe all of them.
@test "a waiting helper has the password in its memory once, its worker only on the heap" {
	local helper worker
	[ "$(id -u)" = 0 ] || skip 'only root can look into it'
	start_waiting
	equal "$(copies_in "$helper")" '[heap]'
	equal "$(copies_in "$worker" | sort -u)" '[heap]'
	stop_waiting
}

# --- unchanged ------------------------------------------------------------------------------------

@test "a password file may hold every printable character, blanks at the ends and letters of any language" {
	{
		printf '  \t'
		every_printable_character
		printf 'Größe пароль 密码 🔑  '
	} | write_password all
	ini primary common.replication_password= common.replication_password_file="$PAIR/all"
	pgrepl primary setup
	ini standby common.replication_password= common.replication_password_file="$PAIR/all"
	pgrepl standby setup
	replicates primary standby
	run -0 pgrepl standby verify
	# and one byte less is a wrong password
	sed 's/ $//' "$PAIR/all" | write_password less
	ini standby common.replication_password= common.replication_password_file="$PAIR/less"
	run -78 pgrepl standby verify
	contains 'password authentication failed' <<<"$output"
}

# in_ini VALUE PASSWORD: VALUE in the ini is this password, to a server that got it from a file.
in_ini() {
	printf '%s' "$2" | write_password it
	ini primary common.replication_password= common.replication_password_file="$PAIR/it"
	pgrepl primary setup >"$PAIR/setup.out"
	ini primary common.replication_password="$1"
	run pgrepl primary verify --timeout 0
	# there is no standby; the login comes first
	contains '^ok +replication login' <<<"$output"
}

@test "a password in the ini is read as it is quoted, to the last byte" {
	start_primary
	in_ini 'plain' 'plain'
	in_ini 'two words' 'two words'
	in_ini '"two  blanks"' 'two  blanks'
	in_ini '"a;b#c %d:e=f\g"' 'a;b#c %d:e=f\g'
	in_ini "'a \"quoted\" word'" 'a "quoted" word'
	in_ini "\"it's\"" "it's"
	in_ini "'; and # in front'" '; and # in front'
	# shellcheck disable=SC1003 # it is a backslash
	in_ini '"ends in a backslash\"' 'ends in a backslash\'
	in_ini "'a\\\\b'" 'a\\b'
	in_ini '$HOME`id`$(id)%n%s' '$HOME`id`$(id)%n%s'
	in_ini '[section]' '[section]'
	in_ini '"=a=b="' '=a=b='
	in_ini 'Größe пароль 密码 🔑' 'Größe пароль 密码 🔑'
	in_ini "'!\"#\$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\`abcdefghijklmnopqrstuvwxyz{|}~'" \
		'!"#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'
}

# --- names ----------------------------------------------------------------------------------------

@test "a pair replicates as a role with every kind of character in its name" {
	local role='we"ird Ro le#;%:\é$1'
	start_new_primary common.replication_user="'$role'"
	equal "$(sql primary 'select rolname from pg_roles where rolreplication and not rolsuper')" "$role"
	start_standby standby common.replication_user="'$role'"
	replicates primary standby
	run -0 pgrepl standby verify
	contains '^ok +replication login' <<<"$output"
	run -0 pgrepl primary setup
	contains 'nothing to do$' <<<"$output"
	run -0 pgrepl standby setup
	contains 'nothing to do$' <<<"$output"
}

@test "a role name that has a special meaning elsewhere is only a name" {
	local role
	start_primary
	for role in all replication sameuser samerole +replica @file Capital "it's" user 'select' '$user' '*' \
		"$(printf 'x%.0s' {1..63})"; do
		ini primary common.replication_user="\"$role\""
		pgrepl primary setup
		sql primary "select 'found: ' || rolname from pg_roles where rolreplication and not rolsuper" | contains "^found: ${role//[*+\$]/.}\$"
		run -75 pgrepl primary verify --timeout 0
		contains "^ok +replication login +\"${role//[*+\$]/.}\" on" <<<"$output"
	done
}
