# A lab: booted hosts with systemd as PID 1, each with an address of its own, for tests and the demo.
#
#   lab_start                       a new lab; it ends with the process that started it
#   host_create NAME [ROLE]         a host, off, with the role's package or without; addresses: host_ip NAME,
#                                   host_ip6 NAME
#   host_user_data NAME FILE        what cloud-init is to do at its first boot
#   host_boot NAME                  power on; returns as soon as host_run works
#   host_run NAME COMMAND...        run as root in it, with this stdin, stdout and exit code
#   lab_stop                        everything away
#
# The rest of the words are below, each with its line. A lab needs root. All of it is below one
# folder $LAB, and hosts reach each other and nothing else: a bridge in a network namespace, and one
# namespace for each host. Labs do not see each other, so several can be up at once; all use
# 10.99.0.0/24 and fd99::/64 inside. What the lab of a killed process left is swept at the next
# lab_start.
# shellcheck shell=bash

lab_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab_project=$(cd "$lab_lib/../.." && pwd)
# shellcheck source=tests/lib/wait.bash
. "$lab_lib/wait.bash"
# shellcheck source=tests/lib/cache.bash
. "$lab_lib/cache.bash"
# shellcheck source=tests/lib/process.bash
. "$lab_lib/process.bash"

# The PostgreSQL whose packages the hosts of the lab are offered.
: "${LAB_PGMAJOR:=12}"
readonly lab_prefix=/var/tmp/pgrepl-lab

# When something in a lab is taken for hung: no measure, but far more than the slowest machine needs.
lab_limit_s=900

# patiently COMMAND [ARGUMENT...]: as eventually, for what takes a host a while and costs something to look
# at: the looks become rarer.
patiently() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + lab_limit_s * 1000000)) pause_ms=25 said status
	while true; do
		status=0
		said=$("$@" 2>&1) || status=$?
		if [ "$status" = 0 ]; then
			[ -z "$said" ] || printf '%s\n' "$said"
			return 0
		fi
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$deadline" ]; then
			printf 'not within %s s: %s\n' "$lab_limit_s" "$*"
			printf 'the last try ended with %s and said:\n%s\n' "$status" "$said"
			return 1
		fi
		[ "$pause_ms" -ge 400 ] || pause_ms=$((pause_ms * 2))
		sleep "0.$(printf '%03d' "$pause_ms")"
	done
}

### the lab

# lab_start: sets and exports LAB. Needs the packages of the project in build/repo, if hosts are to
# install them.
lab_start() {
	if [ "$(id -u)" != 0 ]; then
		echo 'a lab of booted hosts needs root' >&2
		return 77
	fi
	lab_sweep
	lab_check_packages || return
	LAB_BASE=$("$lab_lib/host-base")
	LAB_PGDG=$("$lab_lib/postgresql-repo" "$LAB_PGMAJOR")
	LAB=$(mktemp -d "$lab_prefix.XXXXXX")
	process_mark $$ >"$LAB/owner"
	export LAB LAB_BASE LAB_PGDG LAB_PGMAJOR
	chmod 755 "$LAB"
	mkdir "$LAB/hosts"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$LAB/etc-hosts"
	# As it is now: "make repo" may make it anew while the lab is up.
	mkdir "$LAB/repo"
	[ ! -d "$lab_project/build/repo" ] || cp -r "$lab_project/build/repo/." "$LAB/repo"
	ip netns add "$(lab_netns)"
	ip -n "$(lab_netns)" link set lo up
	ip -n "$(lab_netns)" link add lab0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip -n "$(lab_netns)" link set lab0 up
	ip -n "$(lab_netns)" address add 10.99.0.1/24 dev lab0
}

# The packages of the project in build/repo, if there are any, are for the PostgreSQL that is offered.
lab_check_packages() {
	local package
	for package in "$lab_project"/build/repo/pgrepl-{primary,standby}-*.rpm; do
		[ -e "$package" ] || continue
		rpm -qp --nosignature --requires "$package" | grep -q "^postgresql$LAB_PGMAJOR-server" || {
			echo "$package is not for PostgreSQL $LAB_PGMAJOR: make repo PGMAJOR=$LAB_PGMAJOR" >&2
			return 1
		}
	done
}

# lab_stop [LAB]: stop its hosts the hard way and remove all that is theirs. Can be repeated.
lab_stop() {
	local lab=${1:-${LAB:-}} host
	[ -n "$lab" ] && [ -d "$lab" ] || return 0
	for host in "$lab"/hosts/*/; do
		[ -d "$host" ] || continue
		LAB=$lab host_kill "$(basename "$host")"
		lab_unmount "${host}root"
	done
	lab_remove_netns "$lab"
	lab_remove_cgroups "$lab"
	rm -rf --one-file-system "$lab"
}

# lab_keep: the lab outlives the process that started it, until lab_stop.
lab_keep() {
	echo kept >"$LAB/owner"
}

# lab_sweep: remove the labs that a killed process left, and the kept ones that have no host up.
lab_sweep() {
	local lab lock
	exec {lock}>"$lab_prefix.lock"
	flock "$lock"
	for lab in "$lab_prefix".??????; do
		if [ -d "$lab" ] && lab_is_abandoned "$lab"; then
			lab_stop "$lab"
		fi
	done
	exec {lock}>&-
}

# lab_explain: what went on in the hosts, for the end of a test that failed.
lab_explain() {
	local host lines
	lines=$((120 / ($(lab_hosts | wc -l) + 1)))
	for host in $(lab_hosts); do
		echo "--- $host"
		if ! host_is_up "$host"; then
			echo 'is off'
			continue
		fi
		host_run "$host" systemctl --failed --no-legend --plain || true
		host_run "$host" journalctl --no-pager --quiet -o short-monotonic -n "$lines" -u 'pgrepl-*' -u 'postgresql-*' || true
		host_run "$host" sh -c 'tail -n 10 /var/log/cloud-init-output.log 2>/dev/null' || true
	done
}

# lab_hosts: the names of the hosts, in the order of their making.
lab_hosts() {
	local host
	for host in "$LAB"/hosts/*/index; do
		[ -e "$host" ] || continue
		printf '%s %s\n' "$(<"$host")" "$(basename "$(dirname "$host")")"
	done | sort -n | cut -d' ' -f2
}

### hosts

# host_create NAME [ROLE [DEB...]]: a host that is off, and has the role's package where a role is named, and
# packages of Debian that the base of the hosts does not have. Without user data cloud-init does not run in it.
host_create() {
	local name=$1 folder=$LAB/hosts/$1 lower=$LAB_BASE layers index netns
	if [ $# -gt 2 ]; then
		layers=$("$lab_lib/host-image" debs "$LAB_BASE" "${@:3}") || return
		lower=$layers:$lower
	fi
	if [ $# -gt 1 ]; then
		layers=$("$lab_lib/host-image" role "$LAB_BASE" "$2" "$LAB_PGDG" "$LAB/repo") || return
		lower=$layers:$lower
	fi
	index=$(($(lab_hosts | wc -l) + 11))
	netns=$(lab_netns "$name")
	mkdir -p "$folder"/{upper,work,root}
	printf '%s\n' "$index" >"$folder/index"
	mount -t overlay -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work,redirect_dir=on" \
		"pgrepl-lab-$name" "$folder/root"
	printf '%s\n' "$name" >"$folder/root/etc/hostname"
	# Also keeps systemd from taking this for its very first boot.
	tr -d - </proc/sys/kernel/random/uuid >"$folder/root/etc/machine-id"
	touch "$folder/root/etc/cloud/cloud-init.disabled" "$folder/root/etc/hosts"

	ip netns add "$netns"
	ip -n "$netns" link set lo up
	ip -n "$(lab_netns)" link add "port$index" type veth peer name eth0 netns "$netns"
	ip -n "$(lab_netns)" link set "port$index" master lab0 up
	ip -n "$netns" link set eth0 up
	ip -n "$netns" address add "$(host_ip "$name")/24" dev eth0
	ip -n "$netns" address add "$(host_ip6 "$name")/64" dev eth0 nodad
	printf '%s %s\n%s %s\n' "$(host_ip "$name")" "$name" "$(host_ip6 "$name")" "$name" >>"$LAB/etc-hosts"
}

# host_ip NAME, host_ip6 NAME: its addresses. Hosts also know each other by name.
host_ip() {
	printf '10.99.0.%s\n' "$(<"$LAB/hosts/$1/index")"
}

host_ip6() {
	printf 'fd99::%s\n' "$(<"$LAB/hosts/$1/index")"
}

# host_root NAME: the folder that is / in it, to look into or change from outside, on or off.
host_root() {
	printf '%s\n' "$LAB/hosts/$1/root"
}

# host_user_data NAME FILE: what cloud-init does at the first boot after this.
host_user_data() {
	local root seed
	root=$(host_root "$1")
	seed=$root/var/lib/cloud/seed/nocloud
	rm -f "$root/etc/cloud/cloud-init.disabled"
	mkdir -p "$seed"
	install -m 600 "$2" "$seed/user-data"
	printf 'instance-id: %s-%s\nlocal-hostname: %s\n' "$1" "$RANDOM$RANDOM" "$1" >"$seed/meta-data"
}

# host_add_disk NAME PATH: an empty ext4 file system of 1 GB of its own, root's, mounted on that path of
# a host that is off. It stays mounted whatever becomes of the host.
host_add_disk() {
	local disk target
	disk=$LAB/hosts/$1/disk-$(tr / - <<<"${2#/}")
	target=$(host_root "$1")$2
	truncate -s 1G "$disk"
	mkfs.ext4 -q -F "$disk"
	mkdir -p "$target"
	mount -o loop "$disk" "$target"
}

# host_give_capability NAME CAPABILITY: of the kernel, for its next boots; CAP_NET_ADMIN for a firewall.
host_give_capability() {
	printf '%s\n' "$2" >"$LAB/hosts/$1/capabilities"
}

# host_add_repos NAME: dnf finds the packages of PostgreSQL and of the project, without cloud-init.
host_add_repos() {
	local repo
	for repo in "pgdg$LAB_PGMAJOR" pgrepl; do
		printf '[%s]\nname=%s\nbaseurl=file:///srv/%s\nenabled=1\ngpgcheck=0\n' "$repo" "$repo" "$repo" \
			>"$(host_root "$1")/etc/yum.repos.d/$repo.repo"
	done
}

# host_boot NAME: power on. Returns as soon as its systemd answers.
host_boot() {
	local name=$1 folder=$LAB/hosts/$1 binds capabilities=()
	[ ! -e "$folder/capabilities" ] || capabilities=("--capability=$(<"$folder/capabilities")")
	binds=("--bind-ro=$LAB_PGDG:/srv/pgdg$LAB_PGMAJOR" "--bind-ro=$LAB/repo:/srv/pgrepl"
		"--bind-ro=$LAB/etc-hosts:/etc/hosts")
	rm -f "$folder/pid" "$folder/leader"
	(
		lab_enter_cgroup "$name"
		lab_close_files
		exec setsid systemd-nspawn --quiet --boot --directory="$folder/root" --machine="$name" \
			--register=no --keep-unit --settings=no --link-journal=no --resolv-conf=off --timezone=off \
			--console=read-only --network-namespace-path="/run/netns/$(lab_netns "$name")" "${binds[@]}" "${capabilities[@]}" \
			</dev/null >>"$folder/console" 2>&1
	) &
	process_mark $! >"$folder/pid"
	disown $!
	eventually "$lab_limit_s" host_find_leader "$name" || {
		cat "$folder/console"
		return 1
	}
}

# host_is_up NAME
host_is_up() {
	lab_process_lives "$LAB/hosts/$1/leader"
}

# host_leader NAME: the process that is PID 1 in it.
host_leader() {
	local pid
	read -r pid _ <"$LAB/hosts/$1/leader"
	printf '%s\n' "$pid"
}

# host_run NAME COMMAND [ARGUMENT...]: as root in a running host.
host_run() {
	local name=$1
	shift
	host_is_up "$name" || {
		echo "host $name is off" >&2
		return 125
	}
	nsenter --target "$(host_leader "$name")" --mount --uts --ipc --net --pid --cgroup --root --wd \
		-- /usr/bin/env -i "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/usr/pgsql-$LAB_PGMAJOR/bin" \
		HOME=/root LANG=C.UTF-8 TERM="${LAB_TERM:-dumb}" "$@" 3>&- 4>&-
}

# host_run_as NAME USER COMMAND [ARGUMENT...]
host_run_as() {
	host_run "$1" runuser -u "$2" -- "${@:3}"
}

# host_sql NAME STATEMENT [psql ARGUMENT...]: as the superuser through the socket; rows as a|b.
host_sql() {
	host_run_as "$1" postgres psql -X -A -t -q -v ON_ERROR_STOP=1 -d postgres -c "$2" "${@:3}" </dev/null
}

# host_journal NAME [journalctl ARGUMENT...]
host_journal() {
	host_run "$1" journalctl --no-pager --quiet -o cat "${@:2}"
}

# host_status_text NAME UNIT: what the unit says that it is doing (sd_notify STATUS=).
host_status_text() {
	host_run "$1" systemctl show -p StatusText "$2" | sed 's/^StatusText=//'
}

# host_wait_booted NAME: no job is waiting any more.
host_wait_booted() {
	local state
	# it ends with 1 when a unit has failed, which is no matter here
	state=$(host_run "$1" timeout "$lab_limit_s" systemctl is-system-running --wait) || true
	case $state in
	running | degraded) ;;
	*)
		printf 'host %s: its boot has not come to an end: %s\n' "$1" "$state"
		host_run "$1" systemctl list-jobs --no-pager
		return 1
		;;
	esac
}

# host_wait_cloud_init NAME: it has done all that the user data say, without an error.
host_wait_cloud_init() {
	patiently test -e "/proc/$(host_leader "$1")/root/run/cloud-init/result.json" || return 1
	local errors
	errors=$(host_run "$1" cat /run/cloud-init/result.json | jq -c '.v1.errors')
	if [ "$errors" != '[]' ]; then
		echo "cloud-init in $1 failed: $errors"
		host_run "$1" tail -n 30 /var/log/cloud-init-output.log
		return 1
	fi
}

# host_wait_set_up NAME ROLE: the helper has succeeded. Returns at once when it has failed.
host_wait_set_up() {
	patiently host_set_up_is_over "$1" "$2" || return 1
	host_is_set_up "$1" "$2"
}

# host_is_set_up NAME ROLE: it has succeeded already.
host_is_set_up() {
	[ -e "$(host_root "$1")/var/lib/pgrepl/$2.done" ] || {
		echo "pgrepl-$2 on $1 has not succeeded:"
		host_journal "$1" -u "pgrepl-$2" -n 30
		return 1
	}
}

host_set_up_is_over() {
	[ ! -e "$(host_root "$1")/var/lib/pgrepl/$2.done" ] || return 0
	host_run "$1" systemctl is-failed --quiet "pgrepl-$2" || {
		host_status_text "$1" "pgrepl-$2"
		return 1
	}
}

# wait_until_streams PRIMARY STANDBY: both sides say so, and what the primary has written by now is replayed.
wait_until_streams() {
	patiently host_streams "$1" "$2"
}

host_streams() {
	local sender receiver
	sender=$(host_sql "$1" "select state, pg_current_wal_lsn() from pg_stat_replication
		where client_addr in ('$(host_ip "$2")', '$(host_ip6 "$2")') and application_name <> 'pg_basebackup'") || return 1
	echo "walsender: $sender"
	[[ $sender == 'streaming|'* ]] || return 1
	receiver=$(host_sql "$2" "select status, pg_last_wal_replay_lsn() >= '${sender#*|}' from pg_stat_wal_receiver") || return 1
	echo "walreceiver, and whether all is replayed: $receiver"
	[ "$receiver" = 'streaming|t' ]
}

# host_power_off NAME: as an administrator would.
host_power_off() {
	host_run "$1" systemctl poweroff
	eventually "$lab_limit_s" host_has_ended "$1"
	lab_remove_cgroups "$LAB" "$1"
}

# host_pull_plug NAME: every process in it is gone at once. (The kernel is ours and lives on, so
# what was written and not synced is not lost: that is not what this can show.)
host_pull_plug() {
	host_is_up "$1"
	host_kill "$1"
}

# host_cut_network NAME: no packet reaches or leaves it, and nobody is told. host_heal_network NAME
host_cut_network() {
	ip netns exec "$(lab_netns)" bridge link set dev "port$(<"$LAB/hosts/$1/index")" state 0
}

host_heal_network() {
	ip netns exec "$(lab_netns)" bridge link set dev "port$(<"$LAB/hosts/$1/index")" state 3
}

# host_limit_network NAME RATE: what it receives comes no faster, 20mbit say; "none" to end it.
host_limit_network() {
	local port
	port=port$(<"$LAB/hosts/$1/index")
	if [ "$2" = none ]; then
		tc -n "$(lab_netns)" qdisc del dev "$port" root
	else
		tc -n "$(lab_netns)" qdisc replace dev "$port" root tbf rate "$2" burst 128kb latency 200ms
	fi
}

### below: how it is done

lab_netns() {
	printf 'pgrepl-%s%s\n' "${LAB##*.}" "${1:+-$1}"
}

# lab_process_lives FILE: the process whose mark is in it.
lab_process_lives() {
	[ -e "$1" ] && process_lives "$(<"$1")"
}

lab_is_abandoned() {
	local lab=$1 pid
	if [ ! -e "$lab/owner" ]; then
		# being made at this moment, or left so
		[ -n "$(find "$lab" -maxdepth 0 -mmin +1)" ]
	elif [ "$(<"$lab/owner")" = kept ]; then
		for pid in "$lab"/hosts/*/pid; do
			! lab_process_lives "$pid" || return 1
		done
	elif lab_process_lives "$lab/owner"; then
		return 1
	fi
}

# PID 1 of a host, once its systemd takes commands.
host_find_leader() {
	local folder=$LAB/hosts/$1 child pid
	lab_process_lives "$folder/pid" || {
		echo "host $1 did not start"
		return 1
	}
	read -r pid _ <"$folder/pid"
	for child in $(<"/proc/$pid/task/$pid/children"); do
		if [ -S "/proc/$child/root/run/systemd/private" ] && grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$child/status"; then
			process_mark "$child" >"$folder/leader"
			return 0
		fi
	done
	echo "host $1: its systemd does not answer yet"
	return 1
}

host_has_ended() {
	! lab_process_lives "$LAB/hosts/$1/pid"
}

# Both may be there when the host was caught while it started: the leader dies with its parent.
host_kill() {
	local folder=$LAB/hosts/$1 of
	for of in leader pid; do
		if lab_process_lives "$folder/$of"; then
			kill -KILL "$(cut -d' ' -f1 "$folder/$of")" 2>/dev/null || true
		fi
	done
	eventually "$lab_limit_s" lab_cgroup_is_empty "$1" >&2 || true
	rm -f "$folder/leader" "$folder/pid"
	lab_remove_cgroups "$LAB" "$1"
}

# Hosts must not share a cgroup: the systemd of each takes the one that it finds for its own.
lab_cgroups() {
	local number controllers path top
	while IFS=: read -r number controllers path; do
		case $number:$controllers in
		*:name=systemd) top=/sys/fs/cgroup/systemd ;;
		0:)
			top=/sys/fs/cgroup
			[ ! -d /sys/fs/cgroup/unified ] || top=/sys/fs/cgroup/unified
			;;
		*) continue ;;
		esac
		printf '%s\n' "$top${path%/}"
	done </proc/1/cgroup
}

lab_enter_cgroup() {
	local top cgroup
	while read -r top; do
		cgroup=$top/$(basename "$LAB")-$1
		mkdir -p "$cgroup"
		echo "$BASHPID" >"$cgroup/cgroup.procs"
	done < <(lab_cgroups)
}

lab_cgroup_is_empty() {
	local top pids
	while read -r top; do
		[ -d "$top/$(basename "$LAB")-$1" ] || continue
		pids=$(find "$top/$(basename "$LAB")-$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
		if [ -n "$pids" ]; then
			echo "still there: $pids"
			return 1
		fi
	done < <(lab_cgroups)
}

# lab_remove_cgroups LAB [HOST]
lab_remove_cgroups() {
	local top cgroup
	while read -r top; do
		for cgroup in "$top/$(basename "$1")-"${2:-*}; do
			[ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
		done
	done < <(lab_cgroups)
}

lab_remove_netns() {
	local netns
	for netns in /run/netns/pgrepl-"${1##*.}"*; do
		[ ! -e "$netns" ] || ip netns del "$(basename "$netns")"
	done
}

lab_unmount() {
	! mountpoint -q "$1" || umount "$1" 2>/dev/null || umount --lazy "$1"
}

# What lives longer than a test must not hold the runner's pipes.
lab_close_files() {
	local file
	for file in /proc/self/fd/*; do
		file=${file##*/}
		if [ "$file" -gt 2 ] && [ "$file" != 255 ]; then
			eval "exec $file>&-"
		fi
	done
}
