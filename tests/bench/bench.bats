# The benchmark itself, on a small scale: it has to run, measure, and leave nothing behind.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	# separate from the results of a real run
	export BENCH_RESULTS=$BATS_FILE_TMPDIR/results
	# the servers' user has to reach it
	TMPDIR=$(mktemp -d /var/tmp/pgrepl-bench-test.XXXXXX)
	export TMPDIR
	chmod 755 "$TMPDIR"
	BENCH_RUNS=1 BENCH_MAJORS=12 scripts/bench streaming work >"$BATS_FILE_TMPDIR/said" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/said" >&2
		return 1
	}
}

teardown_file() {
	rm -rf "$TMPDIR"
}

@test "every way to set up a pair is timed, from empty directories to streaming" {
	run cut -f 1-3 "$BENCH_RESULTS/streaming.tsv"
	[ "$(sort <<<"$output")" = "$(printf '12\t%s\t1\n' by-hand guide pgrepl)" ] || {
		cat "$BENCH_RESULTS/streaming.tsv"
		false
	}
	# a wrong time would be zero, or less than what the phases before it took
	run awk -F '\t' '
		FNR == NR { took[$2] = $4; next }
		$5 == "streaming" { total[$2] = $6; next }
		!first[$2] || $6 < first[$2] { first[$2] = $6 }
		END {
			for (way in took)
				if (!(first[way] > 0 && first[way] < took[way] && took[way] == total[way]))
					print way, first[way], took[way], total[way]
		}' "$BENCH_RESULTS/streaming.tsv" "$BENCH_RESULTS/phases.tsv"
	[ -z "$output" ] || {
		printf 'impossible time: %s\n' "$output"
		false
	}
}

@test "the processes of both helpers are metered" {
	run awk -F '\t' '$5 > 0 && ($4 == "runs" || $6 > 1000) { print $2, $4 }' "$BENCH_RESULTS/work.tsv"
	[ "$(sort <<<"$output")" = "$(printf '%s\n' pgrepl-{primary,standby}\ {monitor,reader,runs,worker})" ] || {
		cat "$BENCH_RESULTS/work.tsv"
		false
	}
}

@test "the table lists every target, and the plot is a PNG file" {
	run grep -c 'at most' "$BENCH_RESULTS/results.md"
	[ "$output" = 10 ] || {
		cat "$BENCH_RESULTS/results.md"
		false
	}
	[ "$(head -c 4 "$BENCH_RESULTS/streaming.png" | tail -c 3)" = PNG ]
}

@test "nothing is left behind: no folder, no mount, no process" {
	run ls -A "$TMPDIR"
	[ -z "$output" ] || {
		printf 'left behind: %s\n' "$output"
		false
	}
	run grep -ls "$TMPDIR/pgrepl-bench" /proc/[0-9]*/cmdline /proc/[0-9]*/mounts
	[ -z "$output" ] || {
		printf 'left behind: %s\n' "$output"
		false
	}
}
