#!/usr/bin/env bats
# What setup says about a server that does not start.

load ../lib/pair

@test "the log of the server's collector is quoted, and only what this start wrote" {
	local file
	start_primary primary.settings.logging_collector=on primary.settings.log_filename=server-%a.log \
		primary.settings.log_directory=logs
	stop primary
	for file in "$PAIR/primary.log" "$PAIR/primary/logs"/*; do
		printf '2020-01-01 FATAL:  of long ago\n' >>"$file"
	done
	as_server mv "$PAIR/primary/pg_hba.conf" "$PAIR/rules"
	run -78 pgrepl primary setup
	contains 'error: the server did not start: FATAL:  could not load pg_hba.conf$' <<<"$output"
	contains "hint: Read \"$PAIR/primary/logs/server-...\\.log\"" <<<"$output"
	lacks 'of long ago' <<<"$output"
}

@test "a server that does not start is quoted, and its log is named" {
	start_primary
	stop primary
	printf '2020-01-01 FATAL:  of long ago\n' >>"$PAIR/primary.log"
	as_server mv "$PAIR/primary/pg_hba.conf" "$PAIR/rules"
	run -78 pgrepl primary setup
	contains 'error: the server did not start: FATAL:  could not load pg_hba.conf$' <<<"$output"
	contains "hint: Read \"$PAIR/primary.log\"" <<<"$output"
	lacks 'of long ago' <<<"$output"
	as_server mv "$PAIR/rules" "$PAIR/primary/pg_hba.conf"
	run -0 pgrepl primary setup
}
