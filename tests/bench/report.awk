# Prints the results as a Markdown table, and whether each target was met: awk -f report.awk FOLDER/*.tsv
#
# The median of several runs counts. Exits 1 if a target is missed.

function sorted(key, out,   i, j, x, n) {
	n = count[key]
	for (i = 1; i <= n; i++) out[i] = value[key, i]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && out[j] < out[j - 1]; j--) { x = out[j]; out[j] = out[j - 1]; out[j - 1] = x }
	return n
}

function median(key,   s, n) {
	n = sorted(key, s)
	return n % 2 ? s[(n + 1) / 2] : (s[n / 2] + s[n / 2 + 1]) / 2
}

function range(key,   s, n) {
	n = sorted(key, s)
	return sprintf("%.2f–%.2f", s[1], s[n])
}

function add(key, v) { value[key, ++count[key]] = v + 0 }

function target(what, got, most, form) {
	verdicts[++targets] = sprintf("| %s | at most " form " | " form " | %s |", what, most, got, got <= most ? "met" : "**missed**")
	if (got > most) missed = 1
}

BEGIN {
	FS = "\t"
	ways = split("guide by-hand pgrepl repmgr", way, " ")
	label["guide"] = "the guide, run as a script"
	label["by-hand"] = "by hand, as fast as it can durably be done"
	label["pgrepl"] = "pgrepl, both hosts started together"
	label["repmgr"] = "repmgr 5.3, `--fast-checkpoint`"
}

FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
file == "streaming.tsv" { add("stream " $1 " " $2, $4); majors[$1] = 1 }
file == "clone.tsv" { add("disk " $1, $3); add("follow " $1, $4) }
file == "load.tsv" { clone_major = $1; rate = $2; bytes = $3 }
# a helper has several processes; what its forks cost before they execute a program counts too
file == "work.tsv" { run = $1 " " $2 " " $3; cpu[run] += $5; program_of[run] = $2 }
file == "work.tsv" && $4 != "runs" { add("peak " $2 " " $4, $6); add("private " $2 " " $4, $7) }
file == "size.tsv" { size[$1] = $2 }
file == "machine.tsv" { machine = $1; storage = $2; rounds = $3 }

END {
	for (run in cpu) add("cpu " program_of[run], cpu[run])
	printf "%s; %s.\n", machine, storage
	if (rounds) {
		printf "Median of %d interleaved run%s of each, with the fastest and slowest in parentheses.\n\n", rounds, (rounds > 1 ? "s" : "")
		printf "| from empty directories to `state = streaming` |"
		for (m = 12; m <= 15; m++) if (m in majors) printf " PostgreSQL %d |", m
		printf "\n|---|"
		for (m = 12; m <= 15; m++) if (m in majors) printf "---|"
		print ""
		for (w = 1; w <= ways; w++) {
			printf "| %s |", label[way[w]]
			for (m = 12; m <= 15; m++) {
				if (!(m in majors)) continue
				k = "stream " m " " way[w]
				if (k in count) printf " %.2f s (%s) |", median(k), range(k)
				else printf " – |"
			}
			print ""
		}
		for (m = 12; m <= 15; m++) {
			if (!(m in majors)) continue
			p = median("stream " m " pgrepl")
			target("PostgreSQL " m ": pgrepl / by hand, fast", p / median("stream " m " by-hand"), 1.10, "%.2f")
			target("PostgreSQL " m ": pgrepl / the guide", p / median("stream " m " guide"), 0.85, "%.2f")
		}
	}
	if (("disk pgrepl") in count) {
		printf "\n| clone of %.2f GiB under %d transactions per second, PostgreSQL %d | on disk | streams |\n|---|---|---|\n", bytes / 2 ^ 30, rate, clone_major
		printf "| `pg_basebackup -c fast` | %.2f s (%s) | %.2f s (%s) |\n", median("disk pg_basebackup"), range("disk pg_basebackup"), median("follow pg_basebackup"), range("follow pg_basebackup")
		printf "| `pgrepl-standby setup` | %.2f s (%s) | %.2f s (%s) |\n", median("disk pgrepl"), range("disk pgrepl"), median("follow pgrepl"), range("follow pgrepl")
		target("clone: pgrepl / pg_basebackup, on disk", median("disk pgrepl") / median("disk pg_basebackup"), 1.05, "%.2f")
	}
	if (("cpu pgrepl-primary") in count) {
		printf "\n| the helper's own work | CPU | monitor: peak resident (private) | worker: peak resident (private) | stripped |\n|---|---|---|---|---|\n"
		for (i = 1; i <= 2; i++) {
			p = i == 1 ? "pgrepl-primary" : "pgrepl-standby"
			printf "| `%s setup` | %.0f ms |", p, median("cpu " p)
			for (j = 1; j <= 2; j++) {
				q = p " " (j == 1 ? "monitor" : "worker")
				printf " %.1f MiB (%.1f) |", median("peak " q) / 1024, median("private " q) / 1024
			}
			printf " %.0f KiB |\n", size[p] / 1024
			target(p ": CPU in ms", median("cpu " p), 30, "%.0f")
			target(p " monitor: peak resident, MiB", median("peak " p " monitor") / 1024, 8, "%.1f")
			target(p " worker: peak resident, MiB", median("peak " p " worker") / 1024, 8, "%.1f")
			target(p ": stripped, KiB", size[p] / 1024, 200, "%.0f")
		}
	}
	if (targets) {
		print "\n| target | | result | |\n|---|---|---|---|"
		for (i = 1; i <= targets; i++) print verdicts[i]
	}
	exit missed
}
