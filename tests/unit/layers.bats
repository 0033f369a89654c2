#!/usr/bin/env bats
# The rules that scripts/check-layers enforces, each with a tree that breaks it.
# shellcheck disable=SC2030,SC2031 # each test has its own output

bats_require_minimum_version 1.5.0

load ../lib/expect

CHECK=$BATS_TEST_DIRNAME/../../scripts/check-layers

# file PATH LINE...: a source file of the tree to check.
file() {
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "${@:2}" >"$1"
}

# A tree that follows the rules: each layer uses the ones below it.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	file src/base/text.h 'int text(void);'
	file src/base/text.c '#include "base/text.h"' 'int text(void) { return 1; }'
	file src/postgresql/db.h 'int db(void);'
	file src/postgresql/db.c '#include "postgresql/db.h"' '#include "base/text.h"' 'int db(void) { return text(); }'
	file src/host/unit.h 'int unit(void);'
	file src/host/unit.c '#include "host/unit.h"' '#include "base/text.h"' 'int unit(void) { return text(); }'
	file src/settings/keys.h 'int keys(void);'
	file src/settings/keys.c '#include "settings/keys.h"' '#include "postgresql/db.h"' '#include "host/unit.h"' \
		'int keys(void) { return db() + unit(); }'
	file firstboot/step.h 'int step(void);'
	file firstboot/step.c '#include "step.h"' '#include "settings/keys.h"' 'int step(void) { return keys(); }'
}

# check: compiles the tree and checks it.
check() {
	local source
	find src firstboot -name '*.c' | while IFS= read -r source; do
		mkdir -p "objects/${source%/*}"
		gcc -Isrc -Ifirstboot -c -o "objects/${source%.c}.o" "$source"
	done
	run "$CHECK" . objects
}

@test "a tree that follows the rules passes without a message" {
	check
	equal "$status:$output" 0:
}

# include_is_refused FILE HEADER: the layer of FILE must not include HEADER.
include_is_refused() {
	local layer=${1%/*}
	printf '#include "%s"\n' "$2" >>"$1"
	check
	equal "$status" 1
	contains "^$1:[0-9]+: $layer does not include \"$2\"\$" <<<"$output"
	sed -i '$d' "$1"
}

@test "each include that points up or sideways is reported with file and line" {
	local from to
	local -A rank=([src/base]=0 [src/postgresql]=1 [src/host]=1 [src/settings]=2 [firstboot]=3)
	local -A header=([src/base]=base/text.h [src/postgresql]=postgresql/db.h [src/host]=host/unit.h
		[src/settings]=settings/keys.h [firstboot]=step.h)
	local -A source=([src/base]=src/base/text.c [src/postgresql]=src/postgresql/db.c [src/host]=src/host/unit.c
		[src/settings]=src/settings/keys.c [firstboot]=firstboot/step.c)
	for from in "${!rank[@]}"; do
		for to in "${!rank[@]}"; do
			if [ "$from" != "$to" ] && [ "${rank[$to]}" -ge "${rank[$from]}" ]; then
				include_is_refused "${source[$from]}" "${header[$to]}"
			fi
		done
	done
	check
	equal "$status" 0
}

@test "a folder that is not a layer is reported" {
	file src/misc/odd.h 'int odd(void);'
	check
	equal "$status" 1
	contains '^src/misc/odd.h: there is no layer src/misc$' <<<"$output"
}

@test "two files of a layer that call each other are reported" {
	file src/base/file.h 'int file(void);'
	file src/base/file.c '#include "base/file.h"' '#include "base/text.h"' 'int file(void) { return text(); }'
	check
	equal "$status" 0
	file src/base/text.c '#include "base/text.h"' '#include "base/file.h"' 'int text(void) { return file(); }'
	check
	equal "$status" 1
	contains '^need each other: (src/base/file.c src/base/text.c|src/base/text.c src/base/file.c)$' <<<"$output"
}

@test "a cycle of three files is reported, even if one link is a variable" {
	file firstboot/a.c 'int b(void);' 'int variable;' 'int a(void) { return b(); }'
	file firstboot/b.c 'int c(void);' 'int b(void) { return c(); }'
	file firstboot/c.c 'extern int variable;' 'int c(void) { return variable; }'
	check
	equal "$status" 1
	contains '^need each other: ' <<<"$output"
	for name in a b c; do
		contains "firstboot/$name.c" <<<"$output"
	done
}

@test "an object whose source is gone does not count" {
	file firstboot/a.c 'int b(void);' 'int a(void) { return b(); }'
	file firstboot/b.c 'int a(void);' 'int b(void) { return a(); }'
	check
	equal "$status" 1
	rm firstboot/b.c
	check
	equal "$status:$output" 0:
}

@test "an include in angle brackets counts, if the header is one of ours" {
	file src/base/text.c '#include <stdio.h>' '#include "base/text.h"' 'int text(void) { return 1; }'
	check
	equal "$status:$output" 0:
	file src/base/text.c '#include <postgresql/db.h>' '#include "base/text.h"' 'int text(void) { return 1; }'
	check
	equal "$status" 1
	contains '^src/base/text.c:1: src/base does not include "postgresql/db.h"$' <<<"$output"
}

@test "two headers that include each other are reported" {
	file src/base/a.h '#pragma once' '#include "base/b.h"'
	file src/base/b.h '#pragma once' '#include "base/a.h"'
	check
	equal "$status" 1
	contains '^need each other: .*src/base/a.h' <<<"$output"
}
