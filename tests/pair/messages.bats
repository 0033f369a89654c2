#!/usr/bin/env bats
# Messages say which host and which file they are about, and what to do there.

load ../lib/pair

@test "a locale that this host does not have: the hint says how to find one and how to install it" {
	ini primary primary.locale=xx_YY.UTF-8
	run -78 pgrepl primary setup
	contains 'detail: .*invalid locale name "xx_YY.UTF-8"' <<<"$output"
	contains 'hint: Choose a locale from the output of "locale -a" on this host, or install it: .*localedef.*glibc-langpack-xx ' <<<"$output"
	[ ! -e "$PAIR/primary" ]
}

# cannot_read FILE: one that its owner, the server's user, cannot read unless that is root
cannot_read() {
	as_server install -m 000 /dev/null "$1"
}

@test "a file that the primary cannot read: the error and the hint say that it is on the primary" {
	start_primary
	cannot_read "$PAIR/primary/postgresql.conf.bak"
	ini standby
	run -78 pgrepl standby setup
	contains "error: the primary 127.0.0.1:[0-9]+ reported: could not open file \".*postgresql.conf.bak\": Permission denied" <<<"$output"
	contains 'hint: It is on the primary, .*then run setup again here' <<<"$output"
	rm -f "$PAIR/primary/postgresql.conf.bak"
	run -0 pgrepl standby setup
}

@test "a page with a wrong checksum on the primary is not copied again and again" {
	local file
	start_primary
	sql primary 'create table spoilt as select generate_series(1, 1000) as n; checkpoint'
	file=$PAIR/primary/$(sql primary "select pg_relation_filepath('spoilt')")
	stop primary
	as_server dd if=/dev/urandom of="$file" bs=1 seek=8000 count=64 conv=notrunc status=none
	pg_ctl -D "$PAIR/primary" -l "$PAIR/primary.log" -w start
	ini standby
	run -78 pgrepl standby setup
	contains 'error: .*checksum error occurred' <<<"$output"
	contains 'hint: Pages on the primary have wrong checksums' <<<"$output"
}
