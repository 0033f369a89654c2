#!/usr/bin/env bats
# The C programs in this folder, which test the modules of src/ on their own.

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

# passed: the program found no failure. If it could not run a part, the test counts as skipped.
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

@test "numbers, times, names and networks are accepted whole or not at all" {
	sanitized words
}

@test "numbers, times, names and networks: valgrind finds no leak and no invalid access" {
	under_valgrind words
}

@test "what is written for PostgreSQL is read back as it was meant" {
	sanitized conf
}

@test "writing for PostgreSQL: valgrind finds no leak and no invalid access" {
	under_valgrind conf
}

@test "units are read as systemd 219 and 252 print them" {
	sanitized units "$BATS_TEST_TMPDIR"
}

@test "units: valgrind finds no leak and no invalid access" {
	under_valgrind units "$BATS_TEST_TMPDIR"
}

@test "access rules are put in their places, and every other byte of the file is kept" {
	sanitized hba
}

@test "access rules: valgrind finds no leak and no invalid access" {
	under_valgrind hba
}

@test "timelines: a history file is read whole or not at all, and tells two clusters of a system apart" {
	sanitized history "$BATS_TEST_TMPDIR"
}

@test "timelines: valgrind finds no leak and no invalid access" {
	under_valgrind history "$BATS_TEST_TMPDIR"
}

@test "every error has a class, and a hint that fits" {
	sanitized errors
}

@test "once the program was told to stop, it connects to nobody" {
	sanitized db
}

@test "files are replaced whole, and trees are handled without following links" {
	sanitized files "$BATS_TEST_TMPDIR"
}

@test "files and trees: valgrind finds no leak and no invalid access" {
	under_valgrind files "$BATS_TEST_TMPDIR"
}

# Not sanitized and not under valgrind: it reads memory that is not its own, freed blocks too.
@test "secrets leave no copy in memory" {
	run "$build/plain/unit/secret" "$BATS_TEST_TMPDIR"
	passed
}

# syntax_of STATEMENT: compiles it as the programs are compiled, with a secret.
syntax_of() {
	local flags
	read -ra flags <<<"$(make --no-print-directory -s -C "$build/.." print-cflags)"
	(
		cd "$build/.." || return
		gcc "${flags[@]}" -fsyntax-only -x c - <<-END
			#include "base/log.h"
			#include "base/fault.h"
			#include "base/secret.h"
			#include <stdio.h>
			void use(struct secret secret, struct text *text, struct fault *fault);
			void use(struct secret secret, struct text *text, struct fault *fault)
			{
				(void)secret, (void)text, (void)fault;
				$1;
			}
		END
	)
}

@test "no formatter accepts a secret, its text, or what it reveals" {
	local call value statement
	for call in 'printf("%s", VALUE)' 'text_addf(text, "%s", VALUE)' '(void)(text_format("%s", VALUE))' \
		'log_error("%s", VALUE)' 'log_status("%s", VALUE)' 'fault_set(fault, FAULT_BUG, "%s", VALUE)' \
		'fault_detail(fault, "%s", VALUE)'; do
		for value in 'secret' '&secret' 'secret_text(&secret)' 'secret_reveal(&secret)'; do
			statement=${call/VALUE/"$value"}
			run syntax_of "$statement"
			echo "$statement: $output"
			[ "$status" != 0 ]
			grep -q 'error: format .*-Werror=format' <<<"$output"
		done
		# with anything else in its place it compiles
		run syntax_of "${call/VALUE/fault->sqlstate}"
		echo "$output"
		[ "$status" = 0 ]
	done
}

@test "programs are run to their end, and leave nothing behind" {
	sanitized spawn
}

@test "the steps of a primary are complete, and the runner reports what happened" {
	sanitized steps-primary "$BATS_TEST_TMPDIR"
}

@test "the steps of a standby are complete, and the runner reports what happened" {
	sanitized steps-standby "$BATS_TEST_TMPDIR"
}

@test "steps and runner: valgrind finds no leak and no invalid access" {
	under_valgrind steps-standby "$BATS_TEST_TMPDIR"
}

@test "every row of the key table is complete" {
	sanitized keys
}

@test "the key table: valgrind finds that all defaults are freed" {
	under_valgrind keys
}

@test "every row of the table of what a clone inherits is complete" {
	sanitized inherited "$BATS_TEST_TMPDIR"
}

@test "lines of postgresql.conf are read as the server reads them, and its includes are found" {
	sanitized conf_lines "$BATS_TEST_TMPDIR"
}

@test "what does not belong into a clone is removed from it, and nothing else" {
	sanitized stale "$BATS_TEST_TMPDIR"
}
