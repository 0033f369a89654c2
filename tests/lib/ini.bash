# Ini files that are valid, or wrong in one place.
#
#   ini_open                in setup: an empty folder becomes the working directory
#   with LINE...            writes ./pgrepl.ini, whose [common] begins with the lines: the first is line 2
#   check_config [ROLE]     runs pgrepl-ROLE check-config, by default for primary
#   accepted [ROLE]
#   refused LINE MESSAGE HINT [ROLE]    78, file:line (0: the file alone), both texts as extended regular
#                           expressions; no secret is shown and nothing on disk has changed
#   refused_for ROLE [LINE MESSAGE]...  78, and only these errors, in this order, each with its hint
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

PROGRAMS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../build" && pwd)

# No message may ever show this.
readonly SECRET='hunter-two'

ini_open() {
	umask 077
	# bats keeps its own files in the parent folder
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return
}

with() {
	{
		printf '%s\n' '[common]' "$@" 'primary_host = 10.0.0.1' "replication_password = $SECRET" '[primary]' 'standby_networks = 10.0.0.0/24'
	} >pgrepl.ini
}

folder() {
	find . -printf '%p %y %m %u %s %T@ %C@ %i %l\n' | sort
	find . -type f -exec sha256sum {} + | sort
}

check_config() {
	local before
	before=$(folder)
	run --separate-stderr "$PROGRAMS/pgrepl-${1:-primary}" --config "$PWD/pgrepl.ini" check-config
	# shellcheck disable=SC2154 # run sets it
	printf 'exit code %s\n%s\n%s\n' "$status" "$output" "${stderr:-}"
	diff <(printf '%s\n' "$before") <(folder)
	! grep -F "$SECRET" <<<"$output${stderr:-}" || return 1
}

accepted() {
	check_config "${1:-primary}"
	[ "$status" = 0 ] || return 1
	[ "$output" = "pgrepl-${1:-primary}: $PWD/pgrepl.ini is fine" ]
}

refused() {
	local line=$1 message=$2 hint=$3 role=${4:-primary} where=$PWD/pgrepl.ini
	check_config "$role"
	[ "$line" = 0 ] || where=$where:$line
	[ "$status" = 78 ] || return 1
	[ -z "$output" ] || return 1
	grep -qE -- "^pgrepl-$role: error: .*$message" <<<"$stderr" || {
		printf 'no error with: %s\n' "$message"
		return 1
	}
	grep -qF -- "$where" <<<"$stderr" || {
		printf 'the error does not name %s\n' "$where"
		return 1
	}
	grep -qE -- "^pgrepl-$role: hint: .*$hint" <<<"$stderr" || {
		printf 'no hint with: %s\n' "$hint"
		return 1
	}
	grep -qE -- "^pgrepl-$role: hint: (Run: .*|[A-Z].*[.?])\$" <<<"$stderr" || {
		printf 'a hint has to be a full sentence, or what to run\n'
		return 1
	}
	[ "$(grep -c ': error: ' <<<"$stderr")" = 1 ]
}

refused_for() {
	local role=$1 where message expected=0
	shift
	check_config "$role"
	[ "$status" = 78 ] || return 1
	[ -z "$output" ] || return 1
	# an error, its detail if any, and its hint
	grep -vE -- "^pgrepl-$role: (warning|detail): " <<<"$stderr" >"$BATS_TEST_TMPDIR/errors"
	exec 8<"$BATS_TEST_TMPDIR/errors"
	while [ $# -gt 0 ]; do
		where=$PWD/pgrepl.ini:$1:
		[ "$1" != 0 ] || where=
		IFS= read -r message <&8 || message=nothing
		grep -qE -- "^pgrepl-$role: error: $where.*$2" <<<"$message" || {
			printf 'expected in line %s: %s\nbut got: %s\n' "$1" "$2" "$message"
			return 1
		}
		IFS= read -r message <&8 || message=nothing
		[[ $message == "pgrepl-$role: hint: "* ]] || {
			printf 'expected the hint of line %s: %s\nbut got: %s\n' "$1" "$2" "$message"
			return 1
		}
		expected=$((expected + 1))
		shift 2
	done
	! IFS= read -r message <&8 || {
		printf 'expected nothing after %s errors\nbut got: %s\n' "$expected" "$message"
		return 1
	}
	exec 8<&-
}
