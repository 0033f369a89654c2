#!/usr/bin/env bats
# What an operator can get wrong in the ini file, and how it is told.

load ../lib/ini

setup() {
	ini_open
}

# --- the file ------------------------------------------------------------------------------------

@test "a file that is right is said to be fine, for both roles" {
	with 'primary_port = 5433'
	accepted primary
	accepted standby
}

@test "a missing ini" {
	refused 0 'could not open ".*pgrepl.ini": No such file' '/etc/pgrepl.ini'
}

@test "an ini that is a folder" {
	mkdir pgrepl.ini
	refused 0 'could not read ".*pgrepl.ini": Is a directory' 'text file'
}

@test "an empty ini lacks what is required" {
	: >pgrepl.ini
	refused 0 '"standby_networks" and "replication_password" are not set' 'section \[primary\].*section \[common\]'
	refused 0 '"primary_host" and "replication_password" are not set' 'name or address.*no default password' standby
}

@test "the file as it is shipped is filled in first, and has no default password" {
	cp "$BATS_TEST_DIRNAME/../../SOURCES/pgrepl.ini" .
	refused 0 '"standby_networks" and "replication_password" are not set' 'section \[primary\]'
	sed -i 's,^;*standby_networks =.*,standby_networks = 10.0.0.0/24,' pgrepl.ini
	refused 0 '"replication_password" is not set' 'there is no default password'
	sed -i 's,^;*replication_password =.*,replication_password = x,' pgrepl.ini
	accepted
}

@test "a last line without its newline is a line" {
	with
	printf '[standby]\nport = 5433' >>pgrepl.ini
	accepted
	with
	printf '[standby]\nport = x' >>pgrepl.ini
	refused 7 '"x" for "port" is no number' 'whole number from 1 to 65535'
}

@test "lines that end as on Windows" {
	with 'primary_port = 5433'
	sed -i 's/$/\r/' pgrepl.ini
	accepted
	with 'primary_port = x'
	sed -i 's/$/\r/' pgrepl.ini
	refused 2 '"x" for "primary_port" is no number' 'whole number'
}

@test "a byte order mark in front" {
	with 'primary_port = 5433'
	sed -i '1s/^/\xef\xbb\xbf/' pgrepl.ini
	accepted
}

@test "a line over the limit, and one of just that length" {
	with "; $(printf 'x%.0s' {1..998})"
	accepted
	with "; $(printf 'x%.0s' {1..999})"
	refused 2 'the line is longer than 1000 bytes' '[Ss]horter|[Bb]reak'
	with "superuser = $SECRET$(printf 'x%.0s' {1..2000})"
	refused 2 'the line is longer than 1000 bytes' '[Ss]horter|[Bb]reak'
}

@test "a file over the limit" {
	with
	yes '; comment' | head -n 5000 >>pgrepl.ini
	refused 0 'could not read' 'at most 32 KiB'
}

@test "a NUL byte" {
	with
	printf 'a\0b = 1\n' >>pgrepl.ini
	refused 0 'NUL byte' '[Rr]emove|[Ww]rite|[Ss]ave'
}

@test "control characters" {
	local code
	for code in '\x01' '\x0b' '\x0c' '\x1b' '\x7f'; do
		with "locale = $(printf 'a%bb' "$code")"
		refused 2 'a control character' '"key = value"'
	done
	with "locale =$(printf '\t')C"
	refused 2 '"locale" in section' 'belongs in section \[primary\]'
}

@test "neither a section nor a key" {
	with "$SECRET"
	refused 2 'neither "\[section\]" nor "key = value"' '"key = value"'
	with "[primary"
	refused 2 '"\]" is missing' '"\[section\]"'
	with "[primary] primary_port = 1"
	refused 2 'text behind the name of a section' '"\[section\]"'
	with "[]"
	refused 2 'no name of a section' '"\[section\]"'
	with "[pri mary]"
	refused 2 'no name of a section' '"\[section\]"'
	with "= $SECRET"
	refused 2 'no name of a key' '"key = value"'
	with "primary port = 1"
	refused 2 'no name of a key' '"key = value"'
	with "primary\$port = 1"
	refused 2 'no name of a key' '"key = value"'
	with "$(printf 'x%.0s' {1..129}) = 1"
	refused 2 'no name of a key' '"key = value"'
}

@test "a key before the first section" {
	printf 'primary_port = 5432\n[common]\n' >pgrepl.ini
	refused 1 'a key before the first section' '"\[section\]"'
}

# --- sections and keys ---------------------------------------------------------------------------

@test "an unknown section, and the one that may be meant" {
	with '[standyb]' 'port = 1'
	refused 3 'unknown section \[standyb\]' 'Did you mean \[standby\]'
	with '[database]' 'port = 1'
	refused 3 'unknown section \[database\]' 'There are \[common\], \[primary\]'
}

@test "an unknown key, and the one that may be meant" {
	with 'primary_prot = 1'
	refused 2 'unknown key "primary_prot" in section \[common\]' 'Did you mean "primary_port"'
	with 'colour = blue'
	refused 2 'unknown key "colour" in section \[common\]' 'pgrepl.ini\(5\)'
	with 'standby_networks = 10.0.0.0/8'
	refused 2 'unknown key "standby_networks" in section \[common\]' 'belongs in section \[primary\]'
}

@test "a key twice, whatever its case, also when both lines say the same" {
	with 'tls = on' 'primary_port = 1' 'TLS = on'
	refused 4 'key "tls" stands a second time in section \[common\]' 'or in line 2'
	with 'tls = on' '[primary]' 'synchronous_standbys = 0' '[common]' 'tls = off'
	refused 6 'key "tls" stands a second time' 'or in line 2'
}

@test "the same key in two sections is two keys" {
	with
	printf '%s\n' '[primary.settings]' 'work_mem = 1MB' '[standby.settings]' 'work_mem = 2MB' >>pgrepl.ini
	accepted
}

@test "sections and keys in capitals" {
	with '[COMMON]' 'PRIMARY_PORT = 5433'
	accepted
}

# --- values --------------------------------------------------------------------------------------

@test "a port that is none" {
	local port
	for port in 0 -1 65536 99999999999999999999; do
		with "primary_port = $port"
		refused 2 "\"$port\" for \"primary_port\" is out of range" 'from 1 to 65535'
	done
	for port in x 54x 5432.0 0x10 +5432 '54 32' ٥; do
		with "primary_port = $port"
		refused 2 "\"[^\"]*\" for \"primary_port\" is no number" 'from 1 to 65535'
	done
}

@test "a count that is none" {
	with '[primary]' 'synchronous_standbys = -1' '[common]'
	refused 3 'out of range' 'from 0 to 100'
	with '[primary]' 'synchronous_standbys = one' '[common]'
	refused 3 'is no number' 'from 0 to 100'
}

@test "a time that is none" {
	local time
	for time in soon 5m 1.5h 5minutes -1s '' 9999999999999d; do
		[ -n "$time" ] || continue
		with "start_timeout = $time"
		refused 2 "\"$time\" for \"start_timeout\" is no time" 'such as 500ms, 30s, 5min'
	done
	for time in 0 30 30s 5min '5 min' 200ms 2h 1d; do
		with "start_timeout = $time"
		accepted
	done
}

@test "a switch that is neither on nor off" {
	with 'tls = maybe'
	refused 2 '"maybe" for "tls" is neither on nor off' 'on or off'
}

@test "a choice that is not one of them" {
	with 'server_control = docker'
	refused 2 '"docker" for "server_control" is not one' 'systemd, pg_ctl'
	with 'existing_data = delete'
	refused 2 '"delete" for "existing_data" is not one' 'refuse, move_aside'
	with '[primary]' 'auth_method = trust' '[common]'
	refused 3 '"trust" for "auth_method" is not one' 'scram-sha-256, md5'
}

@test "a network that is none" {
	local network
	for network in 10.0.0.1 10.0.0.0/33 10.0.0/24 ::/129 all 10.0.0.0/24/8 /8 10.0.0.0/; do
		with
		sed -i "s,^standby_networks = .*,standby_networks = 192.168.0.0/16 $network," pgrepl.ini
		refused 5 "\"$network\" for \"standby_networks\" is no network" 'such as 10.0.0.0/24'
	done
	with
	sed -i 's|^standby_networks = .*|standby_networks = 10.0.0.0/24, fd00::/8  192.168.0.7/32|' pgrepl.ini
	accepted
}

@test "tablespaces that are no pairs, or would come into each other's way" {
	local pair
	for pair in /srv/fast /srv/fast= =/srv/fast srv/fast=/srv/fast /srv/fast=srv/fast /srv//fast=/srv/fast /=/srv/fast \
		/srv/one=/srv/two /srv/fast=/srv/one /srv/fast=/srv/one/ /srv/fast=/srv/one/more /srv/fast=/srv; do
		with '[standby]' "tablespace_mapping = /srv/one=/srv/one, $pair" '[common]'
		refused 3 "\"$pair\" for \"tablespace_mapping\" is no pair of directories of its own" 'such as /srv/fast=/srv/fast'
	done
	with '[standby]' 'tablespace_mapping = /srv/one=/srv/one, /srv/fast=/srv/ones/, /srv/One=/srv/on' '[common]'
	accepted primary
	accepted standby
}

@test "a host that is none" {
	local host
	for host in 'two hosts' 'a,b' /tmp -x "'it is'" 'a=b'; do
		with
		sed -i "s|^primary_host = .*|primary_host = $host|" pgrepl.ini
		refused 2 '"[^"]*" for "primary_host" is no host' 'host name, IPv4 address or IPv6'
	done
}

@test "a path that is not absolute" {
	with 'bin_directory = bin'
	refused 2 '"bin" for "bin_directory" is no absolute path' 'starts with "/"'
	with '[standby]' 'tls_root_cert = root.crt' '[common]'
	refused 3 'is no absolute path' 'starts with "/"'
}

@test "a unit that is none" {
	local unit
	for unit in postgresql .service '--now.service' 'a b.service' 'a/b.service'; do
		with "service = $unit"
		refused 2 'for "service" is no name of a service unit' 'postgresql-12.service'
	done
}

@test "a role that PostgreSQL does not allow, or would cut short" {
	local role
	for role in pg_monitor pg_x public none; do
		with "replication_user = $role"
		refused 2 "\"$role\" for \"replication_user\" is a name that PostgreSQL keeps" 'Choose a name'
	done
	with "replication_user = $(printf 'x%.0s' {1..64})"
	refused 2 'longer than 63 bytes' 'shorter'
	with "replication_user = $(printf 'é%.0s' {1..32})"
	refused 2 'longer than 63 bytes' 'shorter'
	with "replication_user = $(printf 'x%.0s' {1..63})"
	accepted
	with 'replication_user = postgres'
	refused 0 'cannot be both the superuser and the replication role' 'another replication_user'
}

@test "a parameter that is none, and those that have a key of their own" {
	with '[primary.settings]' 'a.b.c = 1' '[common]'
	refused 3 '"a.b.c" is no name of a parameter' 'postgresql.conf'
	with '[primary.settings]' 'port = 1' '[common]'
	refused 3 '"port" cannot be set in section \[primary.settings\]' 'primary_port in \[common\]'
	with '[standby.settings]' 'primary_conninfo = x' '[common]'
	refused 3 '"primary_conninfo" cannot be set' 'keys in \[common\] and \[standby\]'
	with '[primary.settings]' 'synchronous_standby_names = x' '[common]'
	refused 3 'cannot be set' 'synchronous_standbys in \[primary\]'
	with '[primary.settings]' 'ssl = off' '[common]'
	refused 3 'cannot be set' 'tls in \[common\]'
}

@test "an empty value is as good as none" {
	with 'primary_port =' 'tls = ""' "data_directory = ''" 'replication_user = ; none'
	accepted
}

# --- quoting -------------------------------------------------------------------------------------

@test "quotes that are not closed, and text behind them" {
	with "superuser = \"$SECRET"
	refused 2 'the closing quote of a value is missing' '_password_file'
	with "superuser = '$SECRET"
	refused 2 'the closing quote of a value is missing' '_password_file'
	with "superuser = \"$SECRET\" more"
	refused 2 'text behind the closing quote' '_password_file'
	with "superuser = \"$SECRET\"quoted\""
	refused 2 'text behind the closing quote' '_password_file'
	with "superuser = \"it's \\\"$SECRET\\\"\""
	refused 2 'text behind the closing quote' '_password_file'
}

@test "blanks at the ends of a quoted value, which one parser would strip" {
	local value
	for value in "\" $SECRET\"" "\"$SECRET \"" "'$SECRET$(printf '\t')'"; do
		with
		sed -i "s/^replication_password = .*/replication_password = $value/" pgrepl.ini
		refused 3 'cannot start or end with a blank' '_password_file'
	done
}

@test "a backslash at the end of a bare value, which would swallow the next line" {
	with
	sed -i "s/^replication_password = .*/replication_password = $SECRET\\\\/" pgrepl.ini
	refused 3 'ends in a backslash has to be quoted' '_password_file'
}

@test "; and # in a bare password are never taken for a comment" {
	local value
	for value in "$SECRET;x" "$SECRET#x" "$SECRET ;x" "$SECRET # x" ';x' "#$SECRET"; do
		with
		sed -i "s/^replication_password = .*/replication_password = $value/" pgrepl.ini
		check_config
		[ "$status" = 78 ]
		grep -qE "^pgrepl-primary: error: $PWD/pgrepl.ini:3: " <<<"$stderr"
		grep -qE '^pgrepl-primary: hint: .*(file|_file)' <<<"$stderr"
	done
}

@test "comments stand behind other values, and behind quoted ones" {
	with 'primary_port = 5433 ; the port' 'tls = on # of course' "data_directory = '/x;y#z' ; quoted"
	accepted
}

# --- secrets -------------------------------------------------------------------------------------

write_secret() {
	printf '%b' "$1" >secret
	with
	sed -i "s,^replication_password = .*,replication_password_file = $PWD/secret," pgrepl.ini
}

@test "a password that is missing" {
	with
	sed -i '/^replication_password/d' pgrepl.ini
	refused 0 '"replication_password" is not set' 'there is no default password'
	refused 0 '"replication_password" is not set' 'there is no default password' standby
}

@test "a password in two places" {
	write_secret "$SECRET"
	sed -i "2i replication_password = $SECRET" pgrepl.ini
	refused 4 '"replication_password" and "replication_password_file" are both set' 'Keep one'
}

@test "a password file with one line, ended in any way" {
	local content
	for content in "$SECRET" "$SECRET\n" "$SECRET\r\n" " $SECRET \n" "\"$SECRET'\\\\;#%:" 'é\n'; do
		write_secret "$content"
		accepted
		accepted standby
	done
}

@test "a password file that is empty, or has a newline in it" {
	local content
	for content in '' '\n' '\r\n'; do
		write_secret "$content"
		refused 3 'the file ".*/secret" of "replication_password_file" is empty' 'first line'
	done
	for content in "$SECRET\nx" "$SECRET\n\n" "\n$SECRET" "$SECRET\rx" "$SECRET\0x"; do
		write_secret "$content"
		refused 3 'has more than one line' 'first line'
	done
}

@test "a password file that is not there, no file, or not named by its whole path" {
	write_secret "$SECRET"
	rm secret
	refused 3 'could not open ".*/secret" of "replication_password_file": No such file' 'mode 0600'
	mkdir secret
	refused 3 'could not read ".*/secret"' 'whose only line is the password'
	sed -i "s,^replication_password_file = .*,replication_password_file = secret," pgrepl.ini
	refused 3 'is no absolute path' 'starts with "/"'
}

@test "a password that is too long for the ini, or for what libpq 12 reads" {
	local long
	long=$SECRET$(printf 'x%.0s' {1..290})
	with
	sed -i "s/^replication_password = .*/replication_password = $long/" pgrepl.ini
	accepted
	with
	sed -i "s/^replication_password = .*/replication_password = $long$long/" pgrepl.ini
	refused 0 'the replication password is too long' 'shorter password'
	write_secret "$long$long$long$long"
	refused 3 'could not read ".*/secret"' 'at most 1000 bytes'
}

@test "a verifier that is none" {
	local verifier
	for verifier in "$SECRET" "md5$SECRET" 'SCRAM-SHA-256$4096' "SCRAM-SHA-256\$4096:$SECRET\"x"; do
		with '[primary]' "replication_password_verifier = '$verifier'" '[common]'
		refused 3 'the value of "replication_password_verifier" is no SCRAM verifier' 'rolpassword of pg_authid'
	done
}

@test "an ini that others can write is refused, with a password and without" {
	with
	chmod 666 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
	chmod 620 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
	write_secret "$SECRET"
	chmod 622 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
}

@test "an ini with a password that others can read is warned of, and check-config leaves it" {
	with
	chmod 644 pgrepl.ini
	accepted
	grep -qE 'warning: ".*pgrepl.ini" holds a password and others can read it' <<<"$stderr"
	grep -qE 'hint: Run: chmod 600 ' <<<"$stderr"
	[ "$(stat -c %a pgrepl.ini)" = 644 ]
}

@test "an ini without a password may be read by others" {
	write_secret "$SECRET"
	chmod 644 pgrepl.ini
	accepted
	[ -z "$stderr" ]
}

@test "setup makes an ini with a password readable by nobody else, before anything" {
	with 'server_control = pg_ctl' 'bin_directory = /nonexistent' "data_directory = $PWD/data" "os_user = $(id -un nobody)"
	chmod 644 pgrepl.ini
	run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	grep -qE 'warning: .* mode 0644 is now 0600' <<<"$output"
	[ "$(stat -c %a pgrepl.ini)" = 600 ]
	[ ! -e data ]
}

@test "a password file that others can write is refused, one that they can read is warned of" {
	write_secret "$SECRET"
	chmod 606 secret
	refused 3 'holds a password and others can write to it' 'chmod 600'
	chmod 640 secret
	accepted
	grep -qE 'warning: ".*/secret" holds a password and others can read it' <<<"$stderr"
}

@test "an ini of somebody else is refused" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	with
	chown nobody pgrepl.ini
	refused 0 'others can write' 'chown root'
}
