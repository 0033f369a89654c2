#!/usr/bin/env bats
# Every combination of package, data, server, ini and existing_data (tests/lib/past.bash): the server that
# accepts writes is the same as before, nothing was deleted, nothing that is not ours was moved, exit code and
# message are of the right kind, and a second run does the same.
#
# On 12 all of them; on other majors every seventh, on each major other ones.

load ../lib/past

setup() {
	world_open
}

teardown() {
	pair_close
}

is_sampled() {
	[ "$PGMAJOR" = 12 ] || [ $((($1 + PGMAJOR) % 7)) = 0 ]
}

# report PACKAGE: a line per kind of data. $tried and $held are those of all_hold.
report() {
	local data
	for data in "${!tried[@]}"; do
		printf '# pgrepl-%s on %s: %-12s %2d cells, %2d held\n' "$1" "$PGMAJOR" "$data" "${tried[$data]}" "${held[$data]:-0}"
	done | sort >&3
}

all_hold() {
	local package=$1 cell data number=0 broken=0
	local -A tried=() held=()
	while read -r -u 9 cell; do
		number=$((number + 1))
		is_sampled $number || continue
		data=${cell%% *}
		tried[$data]=$((${tried[$data]:-0} + 1))
		# shellcheck disable=SC2086 # words
		if cell_holds "$package" $cell >"$PAIR/cell" 2>&1; then
			held[$data]=$((${held[$data]:-0} + 1))
		else
			broken=$((broken + 1))
			printf -- '--- pgrepl-%s: %s\n' "$package" "$cell"
			cat "$PAIR/cell"
		fi
	done 9< <(cells)
	report "$package"
	[ $broken = 0 ]
}

@test "no past of a host makes pgrepl-standby do harm" {
	world_start standby
	all_hold standby
}

@test "no past of a host makes pgrepl-primary do harm" {
	world_start primary
	all_hold primary
}
