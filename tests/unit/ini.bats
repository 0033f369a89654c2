#!/usr/bin/env bats
# Errors in the ini file, and how they are reported.

load ../lib/expect
load ../lib/ini
load ../lib/need

setup() {
	ini_open
}

# --- the file ------------------------------------------------------------------------------------

@test "a correct file passes for both roles" {
	with 'primary_port = 5433'
	accepted primary
	accepted standby
}

@test "a missing ini" {
	refused 0 'could not open ".*pgrepl.ini": No such file' '/etc/pgrepl.ini'
}

@test "an ini that is a directory" {
	mkdir pgrepl.ini
	refused 0 'could not open ".*pgrepl.ini": not a regular file' 'text file'
}

@test "an empty ini: the required keys are missing" {
	: >pgrepl.ini
	refused_for primary 0 '"replication_password" is not set' 0 '"standby_networks" is not set'
	contains 'hint: .*section \[primary\] to the networks' <<<"$stderr"
	refused_for standby 0 '"primary_host" is not set' 0 '"replication_password" is not set'
	contains 'hint: .*name or address' <<<"$stderr"
	contains 'hint: .*no default password' <<<"$stderr"
}

@test "the shipped file has to be filled in and has no default password" {
	cp "$BATS_TEST_DIRNAME/../../SOURCES/pgrepl.ini" .
	refused_for primary 0 '"replication_password" is not set' 0 '"standby_networks" is not set'
	sed -i 's,^;*standby_networks =.*,standby_networks = 10.0.0.0/24,' pgrepl.ini
	refused 0 '"replication_password" is not set' 'there is no default password'
	sed -i 's,^;*replication_password =.*,replication_password = x,' pgrepl.ini
	accepted
}

@test "a last line without a newline counts" {
	with
	printf '[standby]\nport = 5433' >>pgrepl.ini
	accepted
	with
	printf '[standby]\nport = x' >>pgrepl.ini
	refused 7 'invalid value for "port": "x" is not a number' 'whole number from 1 to 65535'
}

@test "Windows line endings" {
	with 'primary_port = 5433'
	sed -i 's/$/\r/' pgrepl.ini
	accepted
	with 'primary_port = x'
	sed -i 's/$/\r/' pgrepl.ini
	refused 2 'invalid value for "primary_port": "x" is not a number' 'whole number'
}

@test "a byte order mark" {
	with 'primary_port = 5433'
	sed -i '1s/^/\xef\xbb\xbf/' pgrepl.ini
	accepted
}

@test "a line of the maximum length, and a longer one" {
	with "; $(printf 'x%.0s' {1..998})"
	accepted
	with "; $(printf 'x%.0s' {1..999})"
	refused 2 'the line is longer than 1000 bytes' 'Shorten it'
	with "superuser = $SECRET$(printf 'x%.0s' {1..2000})"
	refused 2 'the line is longer than 1000 bytes' 'Shorten it'
}

@test "a file that is too large" {
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
		refused 2 'contains a control character' '"key = value"'
	done
	with "locale =$(printf '\t')C"
	refused 2 '"locale" in section' 'belongs in section \[primary\]'
}

@test "neither a section nor a key" {
	with "$SECRET"
	refused 2 'neither "\[section\]" nor "key = value"' '"key = value"'
	with "[primary"
	refused 2 'missing "\]"' '"\[section\]"'
	with "[primary] primary_port = 1"
	refused 2 'unexpected text after the section name' '"\[section\]"'
	with "[]"
	refused 2 'invalid section name' '"\[section\]"'
	with "[pri mary]"
	refused 2 'invalid section name' '"\[section\]"'
	with "= $SECRET"
	refused 2 'invalid key name' '"key = value"'
	with "primary port = 1"
	refused 2 'invalid key name' '"key = value"'
	with "primary\$port = 1"
	refused 2 'invalid key name' '"key = value"'
	with "$(printf 'x%.0s' {1..129}) = 1"
	refused 2 'invalid key name' '"key = value"'
}

@test "a key before the first section" {
	with
	sed -i '1i primary_port = 5432' pgrepl.ini
	refused 1 'key before the first section' '"\[section\]"'
}

# --- everything at once -------------------------------------------------------------------------

@test "every error is reported in one run, ordered by line, those without a line last" {
	with 'primary_port = x' "$SECRET" 'tls = maybe' 'start_timeout = 1s' 'colour = blue' 'start_timeout = 2s' 'os_user = replica' \
		'[standyb]' 'port = 1' 'wait_timeout = 1' '[primary]' "replication_password_verifier = '$SECRET" 'auth_method = trust' \
		'superuser_password = x' 'superuser_password_file = /nonexistent' '[standby.settings]' 'port = 1' '[common]'
	sed -i '/^standby_networks/d' pgrepl.ini
	refused_for primary \
		2 'invalid value for "primary_port": "x"' \
		3 'neither "\[section\]" nor "key = value"' \
		4 'invalid value for "tls"$' \
		6 'unknown key' \
		7 'is set twice' \
		10 'unknown section' \
		13 'closing quote' \
		14 'invalid value for "auth_method"$' \
		16 '"superuser_password" and "superuser_password_file" are both set' \
		16 'invalid value for "superuser_password_file"$' \
		18 '"port" cannot be set' \
		0 '"standby_networks" is not set' \
		0 'cannot be both the superuser and the replication role'
}

@test "setup, verify and status report every error too, before they do anything" {
	local before
	with 'primary_port = x' 'tls = maybe'
	before=$(folder)
	for command in setup 'setup --dry-run' verify status; do
		# shellcheck disable=SC2086 # words
		run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" $command
		[ "$(grep -c ': error: ' <<<"$output")" = 2 ]
		contains 'pgrepl.ini:2: ' <<<"$output"
		contains 'pgrepl.ini:3: ' <<<"$output"
	done
	diff <(printf '%s\n' "$before") <(folder)
}

@test "an error that only follows from another one is not reported" {
	# a malformed or unknown section is reported once, and its keys are not missing
	printf '%s\n' '[common' 'primary_host = x' 'replication_password = x' '[comon]' 'primary_host = y' 'replication_password = y' \
		'[primary]' 'standby_networks = 10.0.0.0/24' >pgrepl.ini
	refused_for primary 1 'missing "\]"' 5 'unknown section \[comon\]'
	refused_for standby 1 'missing "\]"' 5 'unknown section \[comon\]'
	# keys before the first section
	printf '%s\n' 'primary_host = x' 'replication_password = x' 'standby_networks = 10.0.0.0/24' >pgrepl.ini
	refused_for primary 1 'before the first section'
	# a key with a wrong value, with a wrong file, or in the wrong section
	printf '%s\n' '[common]' 'primary_host = two hosts' 'replication_password_file = /nonexistent' 'standby_networks = 10.0.0.0/24' >pgrepl.ini
	refused_for primary 2 '"two hosts"' 3 'could not open' 4 'unknown key "standby_networks"'
	refused_for standby 2 '"two hosts"' 3 'could not open' 4 'unknown key "standby_networks"'
	# a conflict only with a default
	with 'replication_user = pg_x' 'os_user = replica'
	refused 2 'is reserved by PostgreSQL' 'Choose'
	# a line that is too long still sets its key
	with
	sed -i "s/^replication_password = .*/replication_password = $(printf 'x%.0s' {1..1000})/" pgrepl.ini
	refused 3 'longer than 1000 bytes' 'Shorten'
	# on a primary a verifier, even an invalid one, stands in for the password
	with '[primary]' 'replication_password_verifier = x' '[common]'
	sed -i '/^replication_password =/d' pgrepl.ini
	refused_for primary 3 'not a SCRAM verifier'
	refused_for standby 3 'not a SCRAM verifier' 0 '"replication_password" is not set'
}

@test "after 20 errors only the number of further ones is shown" {
	local many=() i
	for i in {1..20}; do
		many+=("nonsense $i")
	done
	with "${many[@]}"
	check_config
	[ "$(grep -c ': error: .*pgrepl.ini:' <<<"$stderr")" = 20 ]
	lacks ' more error' <<<"$stderr"
	with "${many[@]}" nonsense
	check_config
	[ "$(grep -c ': error: .*pgrepl.ini:[0-9]' <<<"$stderr")" = 20 ]
	[ "$(tail -n 1 <<<"$stderr")" = "pgrepl-primary: error: $PWD/pgrepl.ini: 1 more error" ]
	with "${many[@]}" "${many[@]}"
	check_config
	[ "$status" = 78 ]
	[ "$(tail -n 1 <<<"$stderr")" = "pgrepl-primary: error: $PWD/pgrepl.ini: 20 more errors" ]
	# the first ones are shown, whatever is found later
	contains 'pgrepl.ini:2: ' <<<"$stderr"
	lacks 'pgrepl.ini:22: ' <<<"$stderr"
}

@test "a binary file does not flood the screen" {
	local i
	for i in 1 2 3; do
		head -c 32000 /dev/urandom | tr -d '\0' >pgrepl.ini
		check_config
		[ "$status" = 78 ]
		[ "$(wc -l <<<"$stderr")" -le 42 ]
	done
	head -c 32000 "$PROGRAMS/pgrepl-primary" >pgrepl.ini
	refused 0 'NUL byte' 'plain text'
}

@test "after a malformed line nothing that may be the rest of a secret is shown" {
	local start name=${SECRET//-/_}
	for start in 'superuser_password = "first line' "superuser_password = first line\\" 'first line' 'pass word = x'; do
		with '[primary]' "$start" "$name = x" "$name = x" '[primary.settings]' "$name.a.b = x" "[$name]" "$name = x" '[common]'
		refused_for primary 3 . 4 'unknown key in section \[primary\]' 5 'a key is set twice' \
			7 'invalid parameter name' 9 'unknown section'
		lacks "$name" <<<"$stderr"
	done
}

@test "after a malformed line no value is shown, of whatever type its key is" {
	local key
	for key in primary_port tls primary_host data_directory server_control service start_timeout \
		replication_password_file existing_data; do
		# of none of these a valid value
		with 'replication_user = "a secret begins' "$key = -/$SECRET / \"x\" pg_"
		check_config
		equal "$status" 78
		contains "pgrepl.ini:3: " <<<"$stderr"
		lacks "$SECRET" <<<"$stderr"
	done
}

# altered NAME VALUE: an iniparser that reads another value for one key, as one of another version might.
altered() {
	printf '%s\n' '#define _GNU_SOURCE' '#include <dlfcn.h>' '#include <string.h>' 'typedef const char *get(void *, const char *, const char *);' \
		'const char *iniparser_getstring(void *dict, const char *name, const char *fallback) {' \
		"	if (strcmp(name, \"$1\") == 0) return \"$2\";" \
		'	return ((get *)dlsym(RTLD_NEXT, "iniparser_getstring"))(dict, name, fallback); }' |
		gcc -shared -fPIC -w -x c -o "$BATS_TEST_TMPDIR/altered.so" - -ldl
}

@test "a value that iniparser reads in another way than it is written is refused" {
	need gcc
	altered common:primary_port 5433
	with 'primary_port = 5432'
	LD_PRELOAD=$BATS_TEST_TMPDIR/altered.so run -78 --separate-stderr "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" check-config
	contains 'error: .*pgrepl.ini:2: the value of "primary_port" would not be read as written$' <<<"$stderr"
	contains 'hint: Use the other kind of quotes' <<<"$stderr"
	LD_PRELOAD=$BATS_TEST_TMPDIR/altered.so run -0 "$PROGRAMS/pgrepl-primary" --version
	accepted
}

@test "files named in an ini that others can write to are not read" {
	with 'primary_port = x' 'nonsense' '[primary]' 'superuser_password_file = /nonexistent' '[common]'
	chmod 666 pgrepl.ini
	refused_for primary 3 'neither' 0 'others can write'
}

@test "a password on a malformed line also causes the warning about the ini's mode" {
	local line
	for line in 'superuser_password = "x' "superuser_password = x\\" '[oops'; do
		printf '%s\n' '[common]' 'replication_password_file = /nonexistent' '[primary]' 'standby_networks = 10.0.0.0/24' "$line" \
			"superuser_password = $SECRET" >pgrepl.ini
		chmod 644 pgrepl.ini
		check_config
		[ "$status" = 78 ]
		contains 'warning: ".*pgrepl.ini" holds a password and others can read it' <<<"$stderr"
	done
}

# --- sections and keys ---------------------------------------------------------------------------

@test "an unknown section, with a suggestion" {
	with '[standyb]' 'port = 1'
	refused 3 'unknown section \[standyb\]' 'Did you mean \[standby\]'
	with '[database]' 'port = 1'
	refused 3 'unknown section \[database\]' 'The sections are \[common\], \[primary\]'
}

@test "an unknown key, with a suggestion" {
	with 'primary_prot = 1'
	refused 2 'unknown key "primary_prot" in section \[common\]' 'Did you mean "primary_port"'
	with 'colour = blue'
	refused 2 'unknown key "colour" in section \[common\]' 'pgrepl.ini\(5\)'
	with 'standby_networks = 10.0.0.0/8'
	refused 2 'unknown key "standby_networks" in section \[common\]' 'belongs in section \[primary\]'
}

@test "a key that is set twice, in upper or lower case, even to the same value" {
	with 'tls = on' 'primary_port = 1' 'TLS = on'
	refused 4 'key "tls" is set twice in section \[common\]' 'or in line 2'
	with 'tls = on' '[primary]' 'synchronous_standbys = 0' '[common]' 'tls = off'
	refused 6 'key "tls" is set twice' 'or in line 2'
}

@test "the same key may be set in two sections" {
	with
	printf '%s\n' '[primary.settings]' 'work_mem = 1MB' '[standby.settings]' 'work_mem = 2MB' >>pgrepl.ini
	accepted
}

@test "sections and keys in upper case" {
	with '[COMMON]' 'PRIMARY_PORT = 5433'
	accepted
}

# --- values --------------------------------------------------------------------------------------

@test "an invalid port" {
	local port
	for port in 0 -1 65536 99999999999999999999; do
		with "primary_port = $port"
		refused 2 "invalid value for \"primary_port\": \"$port\" is out of range" 'from 1 to 65535'
	done
	for port in x 54x 5432.0 0x10 +5432 '54 32' ٥; do
		with "primary_port = $port"
		refused 2 "invalid value for \"primary_port\": \"[^\"]*\" is not a number" 'from 1 to 65535'
	done
}

@test "an invalid count" {
	with '[primary]' 'synchronous_standbys = -1' '[common]'
	refused 3 'out of range' 'from 0 to 100'
	with '[primary]' 'synchronous_standbys = one' '[common]'
	refused 3 'is not a number' 'from 0 to 100'
}

@test "an invalid time" {
	local time
	for time in soon 5m 1.5h 5minutes -1s '' 9999999999999d; do
		[ -n "$time" ] || continue
		with "start_timeout = $time"
		refused 2 "invalid value for \"start_timeout\": \"$time\" is not a valid time" 'such as 500ms, 30s, 5min'
	done
	for time in 0 30 30s 5min '5 min' 200ms 2h 1d; do
		with "start_timeout = $time"
		accepted
	done
}

@test "a switch that is neither on nor off" {
	with 'tls = maybe'
	refused 2 'invalid value for "tls": "maybe" is neither on nor off' 'on or off'
}

@test "an invalid choice" {
	with 'server_control = docker'
	refused 2 'invalid value for "server_control": "docker" is not a valid choice' 'systemd, pg_ctl'
	with 'existing_data = delete'
	refused 2 'invalid value for "existing_data": "delete" is not a valid choice' 'refuse, move_aside'
	with '[primary]' 'auth_method = trust' '[common]'
	refused 3 'invalid value for "auth_method": "trust" is not a valid choice' 'scram-sha-256, md5'
}

@test "an invalid network" {
	local network
	for network in 10.0.0.1 10.0.0.0/33 10.0.0/24 ::/129 all 10.0.0.0/24/8 /8 10.0.0.0/; do
		with
		sed -i "s,^standby_networks = .*,standby_networks = 192.168.0.0/16 $network," pgrepl.ini
		refused 5 "invalid value for \"standby_networks\": \"$network\" is not a network in CIDR notation" 'such as 10.0.0.0/24'
	done
	with
	sed -i 's|^standby_networks = .*|standby_networks = 10.0.0.0/24, fd00::/8  192.168.0.7/32|' pgrepl.ini
	accepted
}

@test "tablespaces that are not pairs, or that overlap" {
	local pair
	for pair in /srv/fast /srv/fast= =/srv/fast srv/fast=/srv/fast /srv/fast=srv/fast /srv//fast=/srv/fast /=/srv/fast \
		/srv/one=/srv/two /srv/fast=/srv/one /srv/fast=/srv/one/ /srv/fast=/srv/one/more /srv/fast=/srv; do
		with '[standby]' "tablespace_mapping = /srv/one=/srv/one, $pair" '[common]'
		refused 3 "invalid value for \"tablespace_mapping\": \"$pair\" is not a valid pair of directories" 'such as /srv/fast=/srv/fast'
	done
	with '[standby]' 'tablespace_mapping = /srv/one=/srv/one, /srv/fast=/srv/ones/, /srv/One=/srv/on' '[common]'
	accepted primary
	accepted standby
}

@test "an invalid host" {
	local host
	for host in 'two hosts' 'a,b' /tmp -x "'it is'" 'a=b'; do
		with
		sed -i "s|^primary_host = .*|primary_host = $host|" pgrepl.ini
		refused 2 'invalid value for "primary_host": "[^"]*" is not a host name or IP address' 'host name, IPv4 address or IPv6'
	done
}

@test "a host with its port is pointed to primary_port, and an IPv6 address is not mistaken for one" {
	local host
	for host in 10.0.0.1:5433 db.example:5433 db:5433 '[::1]:5433' '[fd00::1]' 'db 5433' "'db:5433'" fd00:0:0:0:0:0:0:1:5433 \
		'postgresql://db:5433/postgres'; do
		with
		sed -i "s|^primary_host = .*|primary_host = $host|" pgrepl.ini
		refused 2 'invalid value for "primary_host": "[^"]*" is not a host name or IP address' 'primary_port'
	done
	for host in ::1 fd00::1 fe80::1%eth0 fd00:0:0:0:0:0:0:1 10.0.0.1 db db.example. 3com.example; do
		with
		sed -i "s|^primary_host = .*|primary_host = $host|" pgrepl.ini
		accepted
		accepted standby
	done
}

@test "a path that is not absolute" {
	with 'bin_directory = bin'
	refused 2 'invalid value for "bin_directory": "bin" is not an absolute path' 'starts with "/"'
	with '[standby]' 'tls_root_cert = root.crt' '[common]'
	refused 3 'is not an absolute path' 'starts with "/"'
}

@test "an invalid unit name" {
	local unit
	for unit in postgresql .service '--now.service' 'a b.service' 'a/b.service'; do
		with "service = $unit"
		refused 2 'invalid value for "service": ".*" is not the name of a service unit' 'postgresql-12.service'
	done
}

@test "a role name that PostgreSQL reserves or would truncate" {
	local role
	for role in pg_monitor pg_x public none; do
		with "replication_user = $role"
		refused 2 "invalid value for \"replication_user\": \"$role\" is reserved by PostgreSQL" 'Choose a name'
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

@test "invalid parameter names, and parameters that have a key" {
	with '[primary.settings]' 'a.b.c = 1' '[common]'
	refused 3 '"a.b.c" is not a valid parameter name' 'postgresql.conf'
	with '[primary.settings]' 'port = 1' '[common]'
	refused 3 '"port" cannot be set in section \[primary.settings\]' 'primary_port in section \[common\]'
	with '[standby.settings]' 'primary_conninfo = x' '[common]'
	refused 3 '"primary_conninfo" cannot be set' 'keys in sections \[common\] and \[standby\]'
	with '[primary.settings]' 'synchronous_standby_names = x' '[common]'
	refused 3 'cannot be set' 'synchronous_standbys in section \[primary\]'
	with '[primary.settings]' 'ssl = off' '[common]'
	refused 3 'cannot be set' 'tls in section \[common\]'
	with '[standby.settings]' 'hot_standby = off' '[common]'
	refused_for standby 3 '"hot_standby" cannot be set in section \[standby.settings\]'
	contains 'hint: hot_standby is always on: setup has to connect to the standby' <<<"$stderr"
	with '[standby.settings]' 'hot_standby = on' '[common]'
	accepted standby
}

@test "an empty value is the same as no value" {
	with 'primary_port =' 'tls = ""' "data_directory = ''" 'replication_user = ; none'
	accepted
}

# --- quoting -------------------------------------------------------------------------------------

@test "unclosed quotes, and text after a closing quote" {
	with "superuser = \"$SECRET"
	refused 2 'missing closing quote' '_password_file'
	with "superuser = '$SECRET"
	refused 2 'missing closing quote' '_password_file'
	with "superuser = \"$SECRET\" more"
	refused 2 'unexpected text after the closing quote' '_password_file'
	with "superuser = \"$SECRET\"quoted\""
	refused 2 'unexpected text after the closing quote' '_password_file'
	with "superuser = \"it's \\\"$SECRET\\\"\""
	refused 2 'unexpected text after the closing quote' '_password_file'
}

@test "blanks at the ends of a quoted value, which one iniparser would strip" {
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
	refused 3 'ends with a backslash must be quoted' '_password_file'
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

@test "comments are allowed after quoted values, and after bare ones that are not passwords" {
	with 'primary_port = 5433 ; the port' 'tls = on # of course' "data_directory = '/x;y#z' ; quoted"
	accepted
}

# --- secrets -------------------------------------------------------------------------------------

write_secret() {
	printf '%b' "$1" >secret
	with
	sed -i "s,^replication_password = .*,replication_password_file = $PWD/secret," pgrepl.ini
}

@test "a missing password" {
	with
	sed -i '/^replication_password/d' pgrepl.ini
	refused 0 '"replication_password" is not set' 'there is no default password'
	refused 0 '"replication_password" is not set' 'there is no default password' standby
}

@test "a password in two places" {
	write_secret "$SECRET"
	sed -i "2i replication_password = $SECRET" pgrepl.ini
	refused 4 '"replication_password" and "replication_password_file" are both set' 'Keep only one'
}

@test "a password file with one line, with any line ending" {
	local content
	for content in "$SECRET" "$SECRET\n" "$SECRET\r\n" " $SECRET \n" "\"$SECRET'\\\\;#%:" 'é\n'; do
		write_secret "$content"
		accepted
		accepted standby
	done
}

@test "a password file that is empty or has several lines" {
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

@test "a password file that is missing, a directory, or a relative path" {
	write_secret "$SECRET"
	rm secret
	refused 3 'could not open ".*/secret" of "replication_password_file": No such file' 'mode 0600'
	mkdir secret
	refused 3 'could not open ".*/secret".*: not a regular file' 'whose only line is the password'
	sed -i "s,^replication_password_file = .*,replication_password_file = secret," pgrepl.ini
	refused 3 'is not an absolute path' 'starts with "/"'
}

@test "a password that is too long for the ini or for libpq 12" {
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

@test "an invalid verifier" {
	local verifier
	for verifier in "$SECRET" "md5$SECRET" 'SCRAM-SHA-256$4096' "SCRAM-SHA-256\$4096:$SECRET\"x"; do
		with '[primary]' "replication_password_verifier = '$verifier'" '[common]'
		refused 3 'invalid value for "replication_password_verifier": it is not a SCRAM verifier' 'rolpassword from pg_authid'
	done
}

@test "an ini that others can write to is refused, with or without a password" {
	with
	chmod 666 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
	chmod 620 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
	write_secret "$SECRET"
	chmod 622 pgrepl.ini
	refused 0 'others can write' 'chmod 600'
}

@test "check-config warns of an ini with a password that others can read, and leaves its mode" {
	with
	chmod 644 pgrepl.ini
	accepted
	grep -qE 'warning: ".*pgrepl.ini" holds a password and others can read it' <<<"$stderr"
	grep -qE 'hint: Run: chmod 600 ' <<<"$stderr"
	[ "$(stat -c %a pgrepl.ini)" = 644 ]
}

# warned REGEX: check-config accepts the ini, and warns of this, with a hint.
warned() {
	accepted
	contains "warning: $1" <<<"$stderr"
	contains 'hint: ' <<<"$stderr"
	lacks "$SECRET" <<<"$stderr"
}

@test "a role that PostgreSQL 16 would take for a regular expression is refused" {
	with 'replication_user = /.*'
	refused 2 'invalid value for "replication_user": "/\.\*" starts with "/"' 'choose another name'
}

@test "check-config warns of networks that are much of the Internet, by name, and of no others" {
	local network
	for network in 0.0.0.0/0 ::/0 0.0.0.0/1 64.0.0.0/7 2000::/3; do
		with
		sed -i "s|10.0.0.0/24|10.0.0.0/24, $network, fd00::/8|" pgrepl.ini
		warned "\"standby_networks\" has $network, "
		equal "$(grep -c 'warning: ' <<<"$stderr")" 1
	done
	with
	sed -i 's|10.0.0.0/24|10.0.0.0/8, fd00::/8, 192.0.2.1/32|' pgrepl.ini
	accepted
	equal "$stderr" ''
}

@test "setup warns of them as check-config does, and status does not" {
	with 'server_control = pg_ctl' 'bin_directory = /nonexistent' "data_directory = $PWD/data" "os_user = $(id -un nobody)"
	sed -i 's|10.0.0.0/24|0.0.0.0/0|' pgrepl.ini
	run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	contains 'warning: "standby_networks" has 0.0.0.0/0' <<<"$output"
	run "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" status
	lacks 'warning: ' <<<"$output"
}

# shellcheck disable=SC1111 # quotation marks are what it is about
@test "check-config warns of typographic quotation marks around a password, without showing it" {
	local quoted
	for quoted in "“$SECRET”" "‘$SECRET’" "„$SECRET“" "«$SECRET»" "‹$SECRET›" "’$SECRET’"; do
		write_secret "$quoted"
		warned '"replication_password" begins and ends with typographic quotation marks'
		with
		sed -i "s/$SECRET/$quoted/" pgrepl.ini
		warned '"replication_password" begins and ends with typographic quotation marks'
	done
	with
	sed -i "s/$SECRET/'“$SECRET”'/" pgrepl.ini
	warned '"replication_password" begins and ends with typographic quotation marks'
	for quoted in "“$SECRET" "$SECRET”" "é$SECRETé" '“'; do
		with
		sed -i "s/$SECRET/$quoted/" pgrepl.ini
		accepted
		equal "$stderr" ''
	done
}

@test "others may read an ini without a password" {
	write_secret "$SECRET"
	chmod 644 pgrepl.ini
	accepted
	[ -z "$stderr" ]
}

@test "setup first makes an ini with a password unreadable to others" {
	with 'server_control = pg_ctl' 'bin_directory = /nonexistent' "data_directory = $PWD/data" "os_user = $(id -un nobody)"
	chmod 644 pgrepl.ini
	run -78 "$PROGRAMS/pgrepl-primary" --config "$PWD/pgrepl.ini" setup
	grep -qE 'warning: .* changed its mode from 0644 to 0600' <<<"$output"
	[ "$(stat -c %a pgrepl.ini)" = 600 ]
	[ ! -e data ]
}

@test "a password file that others can write to is refused; one that they can read causes a warning" {
	write_secret "$SECRET"
	chmod 606 secret
	refused 3 'holds a password and others can write to it' 'chmod 600'
	chmod 640 secret
	accepted
	grep -qE 'warning: ".*/secret" holds a password and others can read it' <<<"$stderr"
}

@test "an ini that belongs to another user is refused" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	with
	chown nobody pgrepl.ini
	refused 0 'others can write' 'chown root'
}
