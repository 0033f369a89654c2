# What a test expects of a text; each prints what it saw if it fails.
# shellcheck shell=bash

# contains REGEX, lacks REGEX: check stdin; both show it if they fail.
contains() {
	local text
	text=$(cat)
	grep -qE -- "$1" <<<"$text" || {
		printf 'expected to find: %s\nin:\n%s\n' "$1" "$text"
		return 1
	}
}

lacks() {
	local text
	text=$(cat)
	! grep -E -- "$1" <<<"$text" || {
		printf 'found above, but should not be there: %s\nin:\n%s\n' "$1" "$text"
		return 1
	}
}

# equal ACTUAL EXPECTED
equal() {
	[ "$1" = "$2" ] || {
		printf 'expected: %s\nbut got: %s\n' "$2" "$1"
		return 1
	}
}
