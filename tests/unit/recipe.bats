#!/usr/bin/env bats
# "A key" in CONTRIBUTING, followed literally in a copy of the tree, for a string and for a secret.
# bats file_tags=once

bats_require_minimum_version 1.5.0

load ../lib/expect
load ../lib/need

readonly SECRET='hunter-two'

setup_file() {
	# its tests share the tree
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	export TREE=$BATS_FILE_TMPDIR/tree
	mkdir "$TREE"
	(cd "$BATS_TEST_DIRNAME/../.." && git ls-files -z | tar -c --null -T - | tar -x -C "$TREE")
	cd "$TREE" || return
	# the field, and the row in the table
	sed -i 's|^\t/\* \[primary\] \*/$|\tchar *favourite_colour;\n\tstruct secret second_password;\n\n&|' src/settings/settings.h
	sed -i 's|^const struct key setting_keys\[\] = {$|&\
	{ .section = "common", .name = "favourite_colour", .type = \&type_host, FIELD(favourite_colour) },\
	{ .section = "common", .name = "second_password", .type = \&type_secret, FIELD(second_password) },|' src/settings/keys.c
	make -s WERROR=1 >&2
}

setup() {
	cd "$TREE" || return
}

# write_ini MODE LINE...: a complete ini with these lines in its section [common].
write_ini() {
	printf '%s\n' '[common]' 'primary_host = 10.0.0.1' "${@:2}" 'replication_password_file = /dev/null' '[primary]' \
		'standby_networks = 10.0.0.0/24' >ini
	sed -i "s|/dev/null|$TREE/password|" ini
	printf '%s\n' something >password
	chmod 600 password
	chmod "$1" ini
}

check_config() {
	run build/pgrepl-primary --config "$TREE/ini" check-config
	lacks "$SECRET" <<<"$output"
}

@test "both keys may be unset without a crash" {
	write_ini 600
	check_config
	equal "$status" 0
	write_ini 600 'favourite_colour =' 'second_password ='
	check_config
	equal "$status" 0
}

@test "the string is read, and an invalid one is reported with its line" {
	write_ini 600 'favourite_colour = blue'
	check_config
	equal "$status" 0
	write_ini 600 'favourite_colour = dark blue'
	check_config
	equal "$status" 78
	contains 'error: .*/ini:3: invalid value for "favourite_colour": "dark blue" is not' <<<"$output"
}

@test "an ini that others can read causes a warning with the secret in it, and none without" {
	write_ini 644 "second_password = $SECRET"
	check_config
	equal "$status" 0
	contains 'warning: ".*/ini" holds a password and others can read it' <<<"$output"
	write_ini 644
	check_config
	equal "$status" 0
	lacks 'warning: ' <<<"$output"
}

@test "an invalid value of the secret is not shown" {
	write_ini 600 "second_password = $SECRET ; or a comment?"
	check_config
	equal "$status" 78
	contains 'error: .*/ini:3: .*"second_password"' <<<"$output"
}

@test "a key that only a later PostgreSQL has is refused by name if it is set" {
	sed -i 's|\(.name = "favourite_colour".*\) },$|\1, .since = 99 },|' src/settings/keys.c
	make -s WERROR=1
	write_ini 600 'favourite_colour = blue'
	check_config
	equal "$status" 78
	contains 'error: .*/ini:3: "favourite_colour" has no meaning before PostgreSQL 99' <<<"$output"
	write_ini 600
	check_config
	equal "$status" 0
	sed -i 's|, .since = 99 },$| },|' src/settings/keys.c
	make -s WERROR=1
}

# explain FILE KEY: what the recipe adds to the template and the manual page.
explain() {
	case $1 in
	*.ini) sed -i "/^primary_host =/a ;$2 =" "$1" ;;
	*.5) sed -i "/^\.It Cm primary_host/i .It Cm $2\nSomething about it." "$1" ;;
	esac
}

@test "the check of the documents fails until the template and the manual page explain both keys" {
	local file key
	need awk
	for file in SOURCES/pgrepl.ini SOURCES/pgrepl.ini.5; do
		for key in favourite_colour second_password; do
			run scripts/lint keys
			equal "$status" 1
			contains "^-\[common\] $key =\$" <<<"$output"
			explain "$file" "$key"
		done
	done
	run scripts/lint keys
	equal "$status:$(tail -n 1 <<<"$output")" '0:lint: 1 ok, 0 failed, 0 skipped'
}
