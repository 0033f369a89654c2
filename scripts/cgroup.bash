# Control groups for scripts/check and scripts/check-slow. Version 1 has a hierarchy for each controller,
# version 2 has one for all; where both are mounted, a controller is in one of them.
#
#   cgroup_make CONTROLLER      prints a new group below our own, for cpu or cpuacct; fails without a word
#   cgroup_enter GROUP PID      with all that it starts from then on
#   cgroup_cpu_s GROUP          seconds of CPU time that all who were ever in it have used
#   cgroup_limit GROUP PERCENT  of one CPU; fails without a word
#   cgroup_remove GROUP         who is still in it is waited for, for a while
#
# A group is named after the process that made it. When that was killed, the group stays, and the next
# cgroup_make removes it.
# shellcheck shell=bash

# cgroup_own CONTROLLER: the group that we are in.
cgroup_own() {
	local controller=$1 mount path
	mount=$(awk -v want="$controller" '$3 == "cgroup" && index("," $4 ",", "," want ",") { print $2; exit }' /proc/self/mounts)
	if [ -n "$mount" ]; then
		path=$(awk -F: -v want="$controller" 'index("," $2 ",", "," want ",") { print $3; exit }' /proc/self/cgroup)
	else
		mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
		path=$(awk -F: '$1 == 0 { print $3; exit }' /proc/self/cgroup)
	fi
	[ -n "$mount" ] || return 1
	# in a container its mount may begin at our group, and not at the one that the kernel names
	[ -d "$mount$path" ] || path=
	printf '%s\n' "$mount${path%/}"
}

cgroup_make() {
	local own group
	own=$(cgroup_own "$1") || return 1
	for group in "$own"/pgrepl-check.*/; do
		group=${group%/}
		[ -d "/proc/${group##*.}" ] || cgroup_rmdir "$group"
	done
	mkdir "$own/pgrepl-check.$$" 2>/dev/null || return 1
	printf '%s\n' "$own/pgrepl-check.$$"
}

cgroup_enter() {
	{ echo "$2" >"$1/cgroup.procs"; } 2>/dev/null
}

cgroup_cpu_s() {
	if [ -e "$1/cpuacct.usage" ]; then
		awk '{ printf "%.0f\n", $1 / 1e9 }' "$1/cpuacct.usage"
	else
		awk '$1 == "usage_usec" { printf "%.0f\n", $2 / 1e6 }' "$1/cpu.stat"
	fi
}

cgroup_limit() {
	if [ -e "$1/cpu.cfs_quota_us" ]; then
		{ echo 100000 >"$1/cpu.cfs_period_us" && echo $(($2 * 1000)) >"$1/cpu.cfs_quota_us"; } 2>/dev/null
		return
	fi
	# not possible where others are in the group above, unless that is the topmost
	[ -e "$1/cpu.max" ] || { echo +cpu >"${1%/*}/cgroup.subtree_control"; } 2>/dev/null || return 1
	{ echo "$(($2 * 1000)) 100000" >"$1/cpu.max"; } 2>/dev/null
}

# With what is below it: of a check in a check-slow.
cgroup_rmdir() {
	[ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
}

cgroup_remove() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		! cgroup_rmdir "$1" || return 0
		sleep 0.1
	done
	printf 'somebody is still in "%s"\n' "$1" >&2
}
