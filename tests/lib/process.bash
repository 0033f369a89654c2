# A process by its number and the time of its start, because numbers come again.
# shellcheck shell=bash

# process_mark PID: "PID START". Fails, without a word, when there is no such process, or only a zombie.
process_mark() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	# the name of the program stands in parentheses, and may have blanks and parentheses itself
	# shellcheck disable=SC2086 # fields
	set -- "$1" ${stat##*) }
	[[ $2 != [ZX] ]] || return 1
	printf '%s %s\n' "$1" "${21}"
}

# process_lives MARK: the process of that mark is still there.
process_lives() {
	[ -n "$1" ] && [ "$(process_mark "${1%% *}")" = "$1" ]
}
