#!/usr/bin/env bats
# The programs, compiled for CentOS 7: its glibc, libpq and iniparser, and the C of its gcc.
# scripts/check runs the pairs on 12 with them.

load el7

setup_file() {
	need npm patchelf nm objdump
	PROGRAMS=$(el7_programs)
	export PROGRAMS
}

# sources [PATTERN]: includes tests/unit, which the spec's %check builds.
sources() {
	find "$TOP/src" "$TOP/firstboot" "$TOP/tests/unit" -name "${1:-*.[ch]}" | sort
}

# compile TEXT: one C file, compiled as the programs are.
compile() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/one.c"
	"$EL7/../lib/zig-cc" -std=gnu99 -Wall -Wextra -Werror -O2 -D_GNU_SOURCE -isystem "$EL7_BUILD/include" \
		-c -o "$BATS_TEST_TMPDIR/one.o" "$BATS_TEST_TMPDIR/one.c"
}

# knows TEXT: check-c on one file.
knows() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/one.c"
	"$EL7/check-c" "$BATS_TEST_TMPDIR/one.c"
}

@test "both programs compile for glibc 2.17 without a warning, link, and print their version" {
	local role
	for role in primary standby; do
		run -0 "$PROGRAMS/pgrepl-$role" --version
		[[ $output == "pgrepl-$role "*"(PostgreSQL 12)" ]]
	done
}

@test "the unit programs that the spec's %check builds compile for it too, and pass" {
	local source programs=() program
	for source in "$TOP"/tests/unit/*.c; do
		mapfile -t -O ${#programs[@]} programs < <(find "$PROGRAMS/unit" -regextype egrep -type f \
			-regex ".*/$(basename "$source" .c)(-primary|-standby)?" | grep .)
	done
	[ ${#programs[@]} -ge "$(find "$TOP/tests/unit" -name '*.c' | wc -l)" ]
	for program in "${programs[@]}"; do
		mkdir "$BATS_TEST_TMPDIR/${program##*/}"
		# 77: a part of it needs root
		run "$program" "$BATS_TEST_TMPDIR/${program##*/}"
		echo "$program: $output"
		[ "$status" = 0 ] || [ "$status" = 77 ]
		[[ $output == *' checks, 0 failed'* ]]
	done
}

@test "the programs need libpq, iniparser 3.1, libsystemd and the C library, and nothing else" {
	local role needed
	for role in primary standby; do
		needed=$(objdump -p "$PROGRAMS/pgrepl-$role" | awk '$1 == "NEEDED" { print $2 }' | sort | xargs)
		echo "pgrepl-$role needs $needed"
		[[ $needed =~ ^libc\.so\.6\ libiniparser\.so\.0\ libpq\.so\.5\ (libpthread\.so\.0\ )?libsystemd\.so\.0$ ]]
	done
}

@test "no symbol that they need from the C library is newer than 2.17" {
	local versions newest
	versions=$(objdump -T "$PROGRAMS"/pgrepl-{primary,standby} | grep -o 'GLIBC_[0-9.]*' | sort -uV)
	echo "$versions"
	newest=$(tail -n 1 <<<"$versions")
	[ "$(printf '%s\nGLIBC_2.17\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.17 ]
}

@test "every symbol that their objects need is in glibc 2.17, libpq 12, iniparser 3.1 or libsystemd 219" {
	local objects
	mapfile -t objects < <(objects_of "$PROGRAMS" src firstboot)
	[ ${#objects[@]} -gt 20 ]
	"$EL7/check-symbols" "${objects[@]}"
}

@test "the check of symbols finds a later symbol of each library" {
	compile 'int getrandom(void *, unsigned long, unsigned); int PQenterPipelineMode(void *);
		int iniparser_getseckey(void *); int sd_bus_open(void *);
		int f(void *p) { return getrandom(p, 1, 0) + PQenterPipelineMode(p) + iniparser_getseckey(p) + sd_bus_open(p); }'
	for symbol in getrandom PQenterPipelineMode iniparser_getseckey sd_bus_open; do
		fails_with "^not on CentOS 7: $symbol, of one.o$" "$EL7/check-symbols" "$BATS_TEST_TMPDIR/one.o"
	done
	compile '#include <sys/stat.h>
		int f(const char *path) { struct stat st; return stat(path, &st); }'
	"$EL7/check-symbols" "$BATS_TEST_TMPDIR/one.o"
}

# build TEXT: a whole program.
build() {
	compile "$1" && "$EL7/../lib/zig-cc" -o "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/one.o"
}

@test "a call that glibc 2.17 does not have fails to build, whatever the header says" {
	local call head='#include <stdlib.h>
		#include <string.h>
		#include <sys/random.h>
		int main(void) { char memory[4], *p = memory;'
	build "$head memset(p, 0, 4); return secure_getenv(\"HOME\") == p; }"
	for call in 'explicit_bzero(p, 4)' 'p = reallocarray(p, 2, 4)' 'return (int)getrandom(p, 4, 0)'; do
		fails_with '(undeclared function|undefined symbol).*(explicit_bzero|reallocarray|getrandom)' \
			build "$head $call; return !p; }"
	done
}

@test "the compiler rejects a call that iniparser 3.1 declares differently" {
	compile '#include <iniparser.h>
		char *f(dictionary *d) { return iniparser_getstring(d, "a:b", NULL); }'
	fails_with 'const|qualifier' compile '#include <iniparser.h>
		char *f(const dictionary *d) { return iniparser_getstring(d, "a:b", NULL); }'
	fails_with 'too many arguments' compile '#include <iniparser.h>
		char **f(dictionary *d, char **keys) { return iniparser_getseckeys(d, "a", keys); }'
	fails_with 'iniparser_set_error_callback' compile '#include <iniparser.h>
		void f(void) { iniparser_set_error_callback(NULL); }'
}

@test "no word in the sources is newer than gcc 4.8, glibc 2.17, libpq 12 and the tools of CentOS 7" {
	local files
	mapfile -t files < <(sources)
	[ ${#files[@]} -gt 40 ]
	"$EL7/check-c" "${files[@]}"
}

@test "every constant of the system headers that the sources use is on the list of what CentOS 7 has" {
	local files
	mapfile -t files < <(sources)
	[ ${#files[@]} -gt 40 ]
	"$EL7/check-constants" "${files[@]}"
}

# uses LINE...: check-constants on one file.
uses() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/one.c"
	"$EL7/check-constants" "$BATS_TEST_TMPDIR/one.c"
}

@test "the check of constants finds macros and enums that are not on the list, with file and line" {
	fails_with 'one.c:3: F_ADD_SEALS: not on the list' uses '#include <fcntl.h>' '' 'int command = F_ADD_SEALS;'
	fails_with 'one.c:2: SOL_KCM: not' uses '#include <sys/socket.h>' 'int level = SOL_KCM;'
	fails_with 'one.c:12: MSG_ZEROCOPY: not' uses '#include <sys/socket.h>' '' '' '' '' '' '' '' '' '' '' \
		'#define FLAGS (MSG_NOSIGNAL | MSG_ZEROCOPY)'
	fails_with 'one.c:2: P_PIDFD: not' uses '  # include <sys/wait.h>' 'idtype_t type = P_PIDFD;'
	fails_with 'one.c:2: PR_CAP_AMBIENT: not' uses '#include <sys/prctl.h>' 'int what = PR_CAP_AMBIENT;'
	fails_with 'one.c:1: __INT_LEAST8_WIDTH__: not' uses 'int width = __INT_LEAST8_WIDTH__;'
}

@test "the check of constants accepts those on the list, our own, those of libraries, and text" {
	uses '#include <fcntl.h>' '#include <libpq-fe.h>' '/* F_ADD_SEALS' ' * MSG_ZEROCOPY */ // SOL_KCM' \
		'enum { OURS = 1 }; int f = O_CLOEXEC, major = PGMAJOR, status = PG_DIAG_SEVERITY;' \
		'const char *text = "F_ADD_SEALS \" F_ADD_SEALS";'
}

@test "no compiler flag in the Makefile or the spec is newer than gcc 4.8" {
	local flags
	read -ra flags <<<"$(make --no-print-directory -s -C "$TOP" print-cflags)"
	[[ " ${flags[*]} " == *' -std=gnu99 '* ]]
	# shellcheck disable=SC2046 # words
	"$EL7/check-c" --flags "${flags[@]}" $(grep -oE -- ' -[fWOsm][a-z][^ "]*' "$TOP/SPECS/pgrepl.spec")
}

@test "the check of words finds each kind of later word, with file and line" {
	fails_with 'one.c:2: word __builtin_add_overflow: came with gcc 5' knows '
int f(int a, int b, int *c) { return __builtin_add_overflow(a, b, c); }'
	fails_with 'word _Generic' knows '#define f(x) _Generic(x, int: 1)'
	fails_with 'word _Thread_local' knows 'static _Thread_local int x;'
	fails_with 'word _Atomic' knows '_Atomic int x;'
	fails_with 'word __auto_type' knows 'void f(void) { __auto_type x = 1; }'
	fails_with 'word __has_include' knows '#if __has_include(<x.h>)'
	fails_with 'header stdatomic.h' knows '#include <stdatomic.h>'
	fails_with 'header sys/random.h' knows '#  include <sys/random.h>'
	fails_with 'directive elifdef' knows '#elifdef X'
	fails_with 'attribute fallthrough' knows 'void f(void) { __attribute__((fallthrough)); }'
	fails_with 'attribute nonstring' knows 'char x[4] __attribute__((aligned(8), __nonstring__));'
	fails_with 'attribute in \[\[' knows '[[nodiscard]] int f(void);'
	fails_with 'word O_TMPFILE' knows 'int flags = O_TMPFILE;'
	fails_with 'word F_OFD_SETLK' knows 'int command = F_OFD_SETLK;'
	fails_with 'word RENAME_NOREPLACE' knows 'int flags = RENAME_NOREPLACE;'
	fails_with 'word _DEFAULT_SOURCE' knows '#define _DEFAULT_SOURCE'
	fails_with 'word PGRES_PIPELINE_SYNC' knows 'int status = PGRES_PIPELINE_SYNC;'
	fails_with 'text --value: came with systemctl' knows 'const char *argv[] = { "systemctl", "show", "--value" };'
	fails_with 'text --wait' knows 'const char *command = "start --wait x";'
	fails_with 'text -addext: came with openssl' knows 'const char *option = "-addext";'
	fails_with 'text --manifest-checksums=none' knows 'const char *option = "--manifest-checksums=none";'
	fails_with 'text channel_binding' knows 'const char *conninfo = "host=a channel_binding=require";'
	fails_with 'flag -ffile-prefix-map=a=b' "$EL7/check-c" --flags -O2 -ffile-prefix-map=a=b
	fails_with 'flag -Wimplicit-fallthrough' "$EL7/check-c" --flags -Wimplicit-fallthrough
}

@test "the check of words accepts comments, other text and words that are old enough" {
	knows '/* _Generic came later,
 * and so did O_TMPFILE */ // _Atomic
#include <stdlib.h>
static int access(int copy) __attribute__((unused, format(printf, 1, 2)));
const char *s = "O_TMPFILE \" _Generic --valued", c = '\''"'\'';
const char *argv[] = { "systemctl", "enable", "--now" };'
}

# The host's gcc is newer and knows what came after C99 and C11.
@test "gcc finds nothing in the sources that is newer than C99 with the GNU extensions of 4.8" {
	local flags
	read -ra flags <<<"$(make --no-print-directory -s -C "$TOP" print-cflags)"
	cd "$TOP"
	flags+=(-Wc99-c11-compat -Wc11-c2x-compat -Werror -fsyntax-only)
	printf 'int f(int x)\n{\n\tgoto out;\nout:\n\tint y = x;\n\treturn y;\n}\n' >"$BATS_TEST_TMPDIR/late.c"
	fails_with 'label' gcc "${flags[@]}" "$BATS_TEST_TMPDIR/late.c"
	sources '*.c' | xargs -n 8 -P "$(nproc)" gcc "${flags[@]}"
}

# constants FILE...: gcc before 8 rejects a const variable where a constant is required; later ones
# accept it. If nothing is const, they reject it too.
constants() {
	local flags
	read -ra flags <<<"$(make --no-print-directory -s -C "$TOP" print-cflags)"
	(cd "$TOP" && gcc "${flags[@]}" -w -Dconst= -fsyntax-only "$@")
}

@test "nothing static is initialised with the value of a variable" {
	local files file=$BATS_TEST_TMPDIR/one.c
	printf 'static const int a = 3;\nstatic const int b = a;\n' >"$file"
	fails_with 'one.c:2:.* initializer element is not constant' constants "$file"
	printf 'static const int a = 3;\nstatic const struct { int x; const int *p; } b[] = { { a, &a } };\n' >"$file"
	fails_with 'one.c:2:.* initializer element is not constant' constants "$file"
	printf '%s\n' 'enum { A = 3 }; static const char s[] = "s"; static const int a = A;' \
		'static const struct { int x; const int *p; const char *s; } b[] = { { sizeof(s), &a, s } };' >"$file"
	constants "$file"
	mapfile -t files < <(sources '*.c')
	[ ${#files[@]} -gt 20 ]
	constants "${files[@]}"
}
