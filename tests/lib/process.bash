# A process by its pid and its start time, because pids are reused.
# shellcheck shell=bash

# process_mark PID: "PID START". Fails silently if there is no such process, or only a zombie.
process_mark() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	# the program's name is in parentheses, and may itself contain blanks and parentheses
	# shellcheck disable=SC2086 # fields
	set -- "$1" ${stat##*) }
	[[ $2 != [ZX] ]] || return 1
	printf '%s %s\n' "$1" "${21}"
}

# process_lives MARK: the process with that mark is still running.
process_lives() {
	[ -n "$1" ] && [ "$(process_mark "${1%% *}")" = "$1" ]
}
