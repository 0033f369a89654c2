# Waiting for a condition, never for a fixed time.
# shellcheck shell=bash

# eventually [SECONDS] COMMAND [ARGUMENT...]: tries until it succeeds, for 120 seconds by default: a guard
# against a hang, far beyond what a slow machine needs. Prints the output of the last try in any case.
eventually() {
	local limit=120 deadline said status
	if [[ $1 =~ ^[0-9]+$ ]]; then
		limit=$1
		shift
	fi
	deadline=$((${EPOCHREALTIME/[.,]/} + limit * 1000000))
	while true; do
		status=0
		said=$("$@" 2>&1) || status=$?
		if [ "$status" = 0 ]; then
			[ -z "$said" ] || printf '%s\n' "$said"
			return 0
		fi
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$deadline" ]; then
			printf 'not within %s s: %s\n' "$limit" "$*"
			printf 'the last try exited with %s and printed:\n%s\n' "$status" "$said"
			return 1
		fi
		sleep 0.05
	done
}
