#!/usr/bin/env bats
# The C programs of this folder: what the modules of src/ do when nobody but them is asked.

load ../lib/need

bats_require_minimum_version 1.5.0

setup_file() {
	local sanitize='-O1 -g -Werror -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined'
	cd "$BATS_TEST_DIRNAME/../.." || return
	make -s -f tests/unit/programs.mk BUILD=build/plain CFLAGS='-O1 -g -Werror' unit-programs >&2
	make -s -f tests/unit/programs.mk BUILD=build/sanitized CC=gcc CFLAGS="$sanitize" unit-programs >&2
}

setup() {
	build=$BATS_TEST_DIRNAME/../../build
}

# passed: the program that was run found no failure. When it could not run a part, the test counts as skipped.
passed() {
	echo "$output"
	[ "$status" != 77 ] || skip "$(sed -n 's/^skipped: //p' <<<"$output" | paste -sd ' ')"
	[ "$status" = 0 ]
}

# sanitized PROGRAM ARGUMENT...
sanitized() {
	local program=$1
	shift
	run "$build/sanitized/unit/$program" "$@"
	passed
}

under_valgrind() {
	local program=$1
	shift
	need valgrind
	run valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
		"$build/plain/unit/$program" "$@"
	passed
}

@test "numbers, times, names and networks are taken whole or not at all" {
	sanitized words
}

@test "numbers, times, names and networks: no byte is lost or read twice" {
	under_valgrind words
}

@test "what is written for PostgreSQL is what it reads" {
	sanitized conf
}

@test "what is written for PostgreSQL: no byte is lost or read twice" {
	under_valgrind conf
}

@test "files are replaced whole, and trees are handled without following links" {
	sanitized files "$BATS_TEST_TMPDIR"
}

@test "files and trees: no byte is lost or read twice" {
	under_valgrind files "$BATS_TEST_TMPDIR"
}

@test "programs are run to their end, and nothing of them is left" {
	sanitized spawn
}

@test "the table of a primary is whole, and its runner says what is true" {
	sanitized steps-primary "$BATS_TEST_TMPDIR"
}

@test "the table of a standby is whole, and its runner says what is true" {
	sanitized steps-standby "$BATS_TEST_TMPDIR"
}

@test "tables and runner: no byte is lost or read twice" {
	under_valgrind steps-standby "$BATS_TEST_TMPDIR"
}

@test "the table of keys is whole" {
	sanitized keys
}

@test "the table of keys: all that a silent ini stands for is freed" {
	under_valgrind keys
}
