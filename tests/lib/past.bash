# A host with a past, in $PAIR/here, and the servers that its ini may name: each combination of package, data,
# server, ini and existing_data is a cell, and what becomes of each is known beforehand.
#
#   world_open                  builds the servers, and a stopped cluster for each kind of data
#   world_start PACKAGE         starts the servers where an ini for this package can name them
#   cells PACKAGE               the cells that can exist, one per line: DATA SERVER INI EXISTING_DATA
#   cell_holds PACKAGE CELL...  makes the host so, runs setup twice, and prints what is wrong
#
# The servers: "primary-old" is an old primary on timeline 1, which has gone on writing; "new" was promoted from
# its standby, on timeline 2; "sibling" is a standby of "new".
# shellcheck shell=bash

# shellcheck source=tests/lib/pair.bash
. "$(dirname "${BASH_SOURCE[0]}")/pair.bash"

# --- the servers ------------------------------------------------------------------------------------

world=(primary-old new sibling)

start() {
	pg_ctl -D "$PAIR/$1" -l "$PAIR/$1.log" -w "${@:2}" start
}

# keep KIND NAME: stops the server, and keeps a copy of its cluster for hosts with this kind of data.
keep() {
	stop "$2"
	cp -a --reflink=auto "$PAIR/$2" "$PAIR/made/$1"
	sed -i -E -e "s/^port = .*/port = '$(port_of here)'/" -e "s/^listen_addresses = .*/listen_addresses = '127.0.0.1'/" \
		"$PAIR/made/$1/pgrepl.conf"
}

follow() {
	start_standby "$1" common.primary_port="$(port_of "$2")"
	streams "$1" "$2"
}

world_open() {
	pair_open
	as_server mkdir "$PAIR/made" "$PAIR/at"
	start_other_primary primary-old
	follow new primary-old
	pg_ctl -D "$PAIR/new" -w promote
	sql primary-old 'create table only_here ()'
	follow sibling new
	follow here new
	keep standby here
	start here
	pg_ctl -D "$PAIR/here" -w promote
	keep promoted here
	stop sibling
	keep primary new
	keep diverged primary-old
	start_other_primary primary-other
	keep other_system primary-other
	rm -r "$PAIR"/{here,primary-other}*
	cp -a --reflink=auto "$PAIR/made/other_system" "$PAIR/made/other_major"
	echo 9 >"$PAIR/made/other_major/PG_VERSION"
	cp -a --reflink=auto "$PAIR/made/primary" "$PAIR/made/half_made"
	# pg_basebackup sends it last
	rm "$PAIR/made/half_made/global/pg_control"
	as_server mkdir "$PAIR/made/empty"
}

# world_start PACKAGE: a standby's ini can name ports of this host; a primary's port is its own as well, so that
# the others have to be at other addresses.
world_start() {
	local name number=1
	declare -gA address=() port=() socket=()
	for name in "${world[@]}"; do
		number=$((number + 1))
		address[$name]=127.0.0.1 port[$name]=$(port_of "$name") socket[$name]=$PAIR
		if [ "$1" = primary ]; then
			address[$name]=127.0.0.$number port[$name]=$(port_of here) socket[$name]=$PAIR/at/$name
			as_server mkdir "${socket[$name]}"
		fi
		start "$name" -o "-c listen_addresses=${address[$name]} -p ${port[$name]} -c unix_socket_directories=${socket[$name]}"
	done
	address[here]=127.0.0.1 port[here]=$(port_of here) socket[here]=$PAIR
	make_inis "$1"
}

# make_inis PACKAGE: PACKAGE-INI-EXISTING-SERVER, each as dangerous as it can be.
make_inis() {
	local -A names=([right]=new [old]=primary-old [self]=here [sibling]=sibling)
	local ini existing_data server start_timeout
	for ini in "${!names[@]}"; do
		for existing_data in refuse move_aside; do
			for server in ready starting; do
				start_timeout=1min
				[ $server = ready ] || start_timeout=200ms
				ini "$1-$ini-$existing_data-$server" common.primary_host="${address[${names[$ini]}]}" \
					common.primary_port="${port[${names[$ini]}]}" common.existing_data=$existing_data \
					common.allow_restart=on common.start_timeout=$start_timeout \
					common.data_directory="$PAIR/here/data" standby.port="${port[here]}" \
					standby.application_name=here standby.wait_timeout=1min \
					primary.settings.listen_addresses=127.0.0.1 standby.settings.listen_addresses=127.0.0.1
			done
		done
	done
}

# --- the cells --------------------------------------------------------------------------------------

# No server runs on what is no cluster of this major, or not a whole one.
can_run() {
	[[ $1 =~ ^(primary|standby|promoted|diverged|other_system)$ ]]
}

cells() {
	local data server ini existing_data
	for data in absent empty left_over half_made other_major other_system diverged primary standby promoted; do
		for server in down up starting; do
			[ $server = down ] || can_run $data || continue
			for ini in self old right sibling; do
				for existing_data in refuse move_aside; do
					echo "$data $server $ini $existing_data"
				done
			done
		done
	done
}

# expected PACKAGE CELL...: the exit code, what happens to the data, and what an error says.
#   kept     nothing is touched            created  a new cluster, or clone, where there was nothing
#   adopted  it stays, and its server runs moved    the same as created, with the data under another name
expected() {
	"expected_$1" "${@:2}"
}

expected_standby() {
	local data=$1 server=$2 ini=$3 existing_data=$4
	local -A timeline=([diverged]=1 [primary]=2 [standby]=2 [promoted]=3) there=([old]=1 [right]=2 [sibling]=2 [self]=0)
	local positions=' on timeline [0-9]+ at [0-9A-F/]+, which .* timeline [0-9]+ at [0-9A-F/]+$' here
	here=${timeline[$data]:-}
	if [ "$ini" = self ]; then
		echo 78 kept 'this host itself|holds (something|an incomplete|a cluster that is not)'
	elif [[ $data =~ ^(absent|empty|left_over)$ ]]; then
		echo 0 created
	elif [ "$data" = standby ] && [ "$here" -gt "${there[$ini]}" ]; then
		echo 78 kept "holds a standby,$positions"
	elif [ "$data" = standby ] && [ "$server" = starting ]; then
		echo 75 adopted 'does not accept connections|has not become ready'
	elif [ "$data" = standby ]; then
		echo 0 adopted
	elif [ -n "$here" ] && [ "$here" -ge "${there[$ini]}" ]; then
		echo 78 kept "holds a cluster that is not a standby,$positions"
	elif [ "$existing_data" = refuse ] || [ "$server" != down ]; then
		echo 78 kept '(holds|which holds) '
	else
		echo 0 moved
	fi
}

expected_primary() {
	local data=$1 server=$2 ini=$3 existing_data=$4
	case $data in
	standby)
		echo 78 kept 'holds a standby: promote it'
		return
		;;
	other_major)
		echo 78 kept 'was made by PostgreSQL 9'
		return
		;;
	half_made)
		[ "$existing_data" = move_aside ] || {
			echo 78 kept 'holds an incomplete cluster'
			return
		}
		;;
	esac
	if [ "$server" = starting ]; then
		echo 75 adopted 'does not accept connections|has not become ready'
	elif [ "$server" = up ] || [ "$data" = other_system ]; then
		echo 0 adopted
	elif ! can_run "$data" && [ "$ini" != self ]; then
		echo 78 kept 'there is a server on .* already'
	elif [ "$data" = half_made ]; then
		echo 0 moved
	elif ! can_run "$data"; then
		echo 0 created
	# "new" and "primary-old" accept writes, "sibling" has them from "new"
	elif [[ $ini =~ ^(right|old)$ ]] || [ "$ini-$data" = sibling-diverged ]; then
		echo 78 kept 'another server has taken over'
	else
		echo 0 adopted
	fi
}

# --- a host -----------------------------------------------------------------------------------------

host_remove() {
	[ ! -e "$PAIR/here/data/postmaster.pid" ] || pg_ctl -D "$PAIR/here/data" -m immediate stop
	rm -rf "$PAIR/here" "$PAIR/here.log"
}

# host_make DATA SERVER
host_make() {
	local pid_file=$PAIR/here/data/postmaster.pid
	host_remove
	as_server mkdir "$PAIR/here"
	case $1 in
	absent) ;;
	left_over) cp -a "$PAIR/made/half_made" "$PAIR/here/data.pgrepl-staging" ;;
	*) cp -a --reflink=auto "$PAIR/made/$1" "$PAIR/here/data" ;;
	esac
	[ "$2" = down ] || pg_ctl -D "$PAIR/here/data" -l "$PAIR/here.log" -w start
	# what a server says of itself until it is ready; it does not write this again
	[ "$2" != starting ] || sed -i '8s/.*/starting/' "$pid_file"
}

# Of a host without a server, everything; else what a server does not change by itself. What an interrupted run
# has left is ours to remove.
host_look() {
	local only=()
	[ "$1" = down ] || only=(-maxdepth 2 '('
		-name '*.conf' -o -name '*.signal' -o -name 'server.*' -o -name PG_VERSION -o -path '*/here/*' -prune ')')
	find "$PAIR/here" -mindepth 1 -name 'data.pgrepl-staging*' -prune -o "${only[@]}" \
		-printf '%P %y %m %u %i %s %T@ %C@ %l\n' | if [ "$1" = down ]; then
		cat
	else
		# of a folder, that it is the same
		awk '$2 == "d" { $6 = $7 = $8 = "" } { print }' | grep -Ev '^data(\.log |/(postmaster|current_logfiles))'
		head -n 1 "$PAIR/here/data/postmaster.pid" || :
	fi | sort
}

# What makes a cluster one: path and inode, under the name that it has from ASIDE, if it was moved there.
host_inodes() {
	find "$PAIR/here" -mindepth 1 -maxdepth 2 -name 'data.pgrepl-staging*' -prune -o \
		'(' -path '*/data*/PG_VERSION' -o -path '*/data*/base' -o -path '*/data*/global' ')' -printf '%P %i\n' |
		if [ -n "${1:-}" ]; then
			sed "/^data\//d; s,^${1##*/}/,data/,"
		else
			cat
		fi | sort
}

# The files of what was in place, when there was no server: of the folder itself, a rename changes the times.
files_of() {
	sed -n "s,^$1/,,p"
}

# Which servers accept writes, of all that run.
writable() {
	local name
	for name in "${world[@]}" here; do
		[ "$name" != here ] || [ -e "$PAIR/here/data/postmaster.pid" ] || continue
		printf '\\connect postgresql:///postgres?host=%s&port=%s\n' "${socket[$name]}" "${port[$name]}"
		printf "select '%s' where not pg_is_in_recovery();\n" "$name"
	done | as_server env -i "$PG/bin/psql" -XAtq -v ON_ERROR_STOP=1 \
		"postgresql:///postgres?host=${socket[new]}&port=${port[new]}" -f - 2>&1 | sort
}

# The first error of a setup, without what moves on its own.
error_of() {
	sed -En '/error: /{s/ at [0-9A-F]+\/[0-9A-F]+//g;s/\(gave up.*//;s/pid [0-9]+//;s/(does not accept|has not become) .*/is not ready/;p;q}' <<<"$1"
}

# --- a cell -----------------------------------------------------------------------------------------

# setup_here PACKAGE CELL...: its exit code and output.
setup_here() {
	local ini=$1-$4-$5-ready
	[ "$3" != starting ] || ini=$1-$4-$5-starting
	code=0
	output=$(pgrepl "$ini" setup 2>&1) || code=$?
}

# wrong FORMAT...: something does not hold.
wrong() {
	# shellcheck disable=SC2059 # it is a format
	printf "$@"
	holds=0
}

# What the cell calls for, given what was there: nothing deleted, nothing of others moved, all of it where it belongs.
check_host() {
	local outcome=$1 server=$2 aside
	aside=$(compgen -G "$PAIR/here/data.pgrepl-old-*") || :
	[ "$outcome" != kept ] || unchanged "$look" "$(host_look "$server")" || wrong 'it was changed\n'
	[ -z "$(comm -23 <(printf '%s\n' "$inodes") <(printf '%s\n' "$(host_inodes "$aside")"))" ] || wrong 'something was deleted or moved\n'
	if [ "$outcome" = moved ]; then
		[ "$(wc -w <<<"$aside")" = 1 ] || wrong 'moved aside: "%s"\n' "$aside"
		unchanged "$(files_of data <<<"$look")" "$(host_look down | files_of "${aside##*/}")" || wrong 'it was changed when it was moved\n'
	elif [ -n "$aside" ]; then
		wrong 'was moved aside: %s\n' "$aside"
	fi
}

# check_writable PACKAGE OUTCOME: the same as before; and on the host of a primary, the server there.
check_writable() {
	local now expected=$before
	now=$(writable)
	[ "$1" != primary ] || [ "$2" = kept ] || expected=$(printf '%s\nhere\n' "$before" | sort -u)
	[ "$now" = "$expected" ] || wrong 'writable: %s, and not %s\n' "${now//$'\n'/ }" "${expected//$'\n'/ }"
}

cell_holds() {
	local package=$1 data=$2 server=$3 ini=$4 existing_data=$5
	local expected_code outcome says code output look inodes before first after holds=1
	read -r expected_code outcome says < <(expected "$@")
	# one that nothing was done to can be used again
	[ "${made_as:-}" = "$data $server" ] || host_make "$data" "$server"
	made_as="$data $server"
	[ "$outcome" = kept ] || made_as=
	look=$(host_look "$server")
	inodes=$(host_inodes)
	before=$(writable)
	setup_here "$@"
	first=$output
	[ "$code" = "$expected_code" ] || wrong 'exit code %s, and not %s\n' "$code" "$expected_code"
	if [ "$expected_code" != 0 ]; then
		contains "error: .*($says)" <<<"$output" >/dev/null || wrong 'it does not say: %s\n' "$says"
		contains 'hint: .*\.$' <<<"$output" >/dev/null || wrong 'it does not say what to do\n'
	fi
	check_host "$outcome" "$server"
	check_writable "$package" "$outcome"
	after=$(host_look up)
	setup_here "$@"
	[ "$code" = "$expected_code" ] || wrong 'the second time: exit code %s\n' "$code"
	[ "$(error_of "$output")" = "$(error_of "$first")" ] || wrong 'the second time it says something else\n'
	unchanged "$after" "$(host_look up)" || wrong 'the second time it changed something\n'
	[ "$expected_code" != 0 ] || contains 'nothing to do$' <<<"$output" >/dev/null || wrong 'the second time there is something to do\n'
	check_host "$outcome" "$server"
	check_writable "$package" "$outcome"
	[ $holds = 1 ] || {
		made_as=
		printf 'first:\n%s\nthen:\n%s\n' "$first" "$output"
		return 1
	}
}
