#!/usr/bin/env bats
# The configuration is read alike whichever iniparser is under it: the one installed here (4.1 on
# Debian 12), and the model of CentOS 7's 3.1. tests/el7/corpus has the files.

load el7

setup_file() {
	need npm patchelf
	local programs
	programs=$(el7_programs)
	make --no-print-directory -s -C "$TOP" all
	export INSTALLED=$EL7_BUILD/installed EL7_31=$programs CORPUS=$BATS_FILE_TMPDIR/corpus
	mkdir -p "$INSTALLED"
	ln -sfn "$TOP"/build/pgrepl-{primary,standby} "$INSTALLED/"
	build_readers
	"$EL7/corpus" "$CORPUS"
	ask "$CORPUS" answers
	ask "$CORPUS" check_config
}

# Both readers and both raw readers; each linked with what the programs of its kind are.
build_readers() {
	local flags pg objects strict=(-std=gnu99 -Wall -Wextra -Werror -O1 -g)
	pg=$("$EL7/../lib/postgresql-tree" 12)
	read -ra flags <<<"$(make --no-print-directory -s -C "$TOP" print-cflags)"
	(
		cd "$TOP" || return
		mapfile -t objects < <(objects_of build src)
		gcc "${flags[@]}" -Werror -o "$INSTALLED/answers" tests/el7/answers.c "${objects[@]}" -lpq -liniparser -lsystemd
		gcc "${strict[@]}" -isystem /usr/include/iniparser -o "$INSTALLED/raw" tests/el7/raw.c -liniparser
		mapfile -t objects < <(objects_of "$EL7_31" src)
		# shellcheck disable=SC2016 # for the dynamic linker
		local link=('-Wl,--allow-shlib-undefined' '-Wl,-rpath,$ORIGIN' "-Wl,-rpath,$pg/lib" "-L$EL7_BUILD/lib")
		tests/lib/zig-cc "${strict[@]}" -D_GNU_SOURCE -DPGMAJOR=12 -Isrc -isystem "$EL7_BUILD/include" \
			-o "$EL7_31/answers" tests/el7/answers.c "${objects[@]}" "$EL7_BUILD/lib/nonshared.o" \
			"${link[@]}" -lpq -liniparser -lsystemd
		tests/lib/zig-cc "${strict[@]}" -isystem "$EL7_BUILD/include" -o "$EL7_31/raw" tests/el7/raw.c \
			"${link[@]}" -liniparser
	)
}

answers() { # FOLDER ROLE FILE
	"$1/answers" "$2" "$3"
}

check_config() {
	"$1/pgrepl-$2" --config "$3" check-config
}

# What 3.1 and 4.1 would say if they were asked without our reading the file first.
raw() {
	"$1/raw" "$3" common:primary_host common:replication_password primary:superuser_password \
		primary.settings:cluster_name
}

# ask CORPUS HOW: every file, both roles, both kinds; CORPUS.HOW/KIND/NAME.ROLE gets output and exit code.
ask() {
	local pids=() pid kind
	for kind in "$INSTALLED" "$EL7_31"; do
		mkdir -p "$1.$2/${kind##*/}"
		ask_kind "$1" "$2" "$kind" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}

ask_kind() {
	local how=$2 folder=$3 role file
	cd "$1" || return
	for file in *.ini; do
		for role in primary standby; do
			{
				"$how" "$folder" "$role" "$file" && echo 'exit code 0' || echo "exit code $?"
			} >"$1.$how/${folder##*/}/${file%.ini}.$role" 2>&1
		done
	done
}

# agree CORPUS HOW: both kinds answered every file, and alike; else it shows the first that differ.
agree() {
	local answers files
	answers=$(find "$1.$2/installed" -type f | wc -l)
	files=$(find "$1" -name '*.ini' | wc -l)
	if [ "$files" = 0 ] || [ "$answers" != $((2 * files)) ]; then
		printf '%s files, and %s answers\n' "$files" "$answers"
		return 1
	fi
	diff -rua "$1.$2/installed" "$1.$2/programs" >"$BATS_TEST_TMPDIR/differences" || {
		head -n 60 "$BATS_TEST_TMPDIR/differences"
		return 1
	}
}

# --- the corpus -----------------------------------------------------------------------------------

@test "the corpus has several hundred files, some fine and some not" {
	local files fine
	files=$(find "$CORPUS" -name '*.ini' | wc -l)
	fine=$(grep -lx 'exit code 0' "$CORPUS.answers/installed"/*.primary | wc -l)
	echo "$files files, $fine of them fine"
	[ "$files" -ge 400 ]
	[ "$fine" -ge 150 ]
	[ $((files - fine)) -ge 100 ]
}

@test "every file gives the same entries and settings, or the same error, secrets included" {
	agree "$CORPUS" answers
}

@test "check-config of both programs says the same of every file, with the same exit code" {
	agree "$CORPUS" check_config
}

# wrong NAME ROLE WANT: says so.
wrong() {
	printf 'WRONG: %s of a %s, expected %s\n' "$1" "$2" "$3"
	cut -c1-200 "$CORPUS.answers/programs/$1.$2"
	failed=1
}

@test "and what they say is what the file means" {
	local expect name want role said failed=0 newline=$'\n'
	for expect in "$CORPUS"/*.expect; do
		name=$(basename "$expect" .expect)
		while IFS= read -r want; do
			for role in primary standby; do
				said=$newline$(<"$CORPUS.answers/programs/$name.$role")$newline
				if [[ $want == 'error '* ]]; then
					[[ $said =~ ${newline}answers:\ error:\ [^$newline]*(${want#error }) &&
						$said == *"${newline}exit code 78$newline"* ]] || wrong "$name" "$role" "$want"
				elif [[ $role == standby && $want == 'standby '* ]]; then
					[[ $said == *"$newline${want#standby }$newline"* ]] || wrong "$name" "$role" "$want"
				elif [[ $role == primary && $want != 'standby '* ]]; then
					[[ $said == *"$newline$want$newline"* ]] || wrong "$name" "$role" "$want"
				fi
			done
		done <"$expect"
	done
	[ "$failed" = 0 ]
}

@test "no message has a secret in it, and none is iniparser's own" {
	run grep -ralE 'sEcReT|iniparser' "$CORPUS.check_config"
	# the name of a file is no secret
	output=$(grep -v '/password-file-missing\.' <<<"$output" || true)
	[ -z "$output" ] || {
		echo "$output"
		# shellcheck disable=SC2086 # names
		head -n 3 $output
		false
	}
}

@test "no reader crashes: exit codes are 0 and 78" {
	run grep -rhaE '^exit code' "$CORPUS.answers" "$CORPUS.check_config"
	[ "$(sort -u <<<"$output" | xargs)" = 'exit code 0 exit code 78' ]
}

# --- what the comparison is worth -----------------------------------------------------------------

@test "the comparison finds where the two iniparsers alone would differ" {
	local name found some=$BATS_TEST_TMPDIR/some
	local differ=(no-final-newline malformed-then-good blank-first-in-quotes-as-password
		blank-alone-in-quotes-as-superuser-password two-double-quotes-in-quotes-as-parameter)
	mkdir "$some"
	cp "$CORPUS"/{bare,crlf,line-of-1000}*.ini "$some/"
	for name in "${differ[@]}"; do
		cp "$CORPUS/$name.ini" "$some/"
	done
	ask "$some" raw
	fails_with '^[-+]exit code' agree "$some" raw
	found=$(diff -rqa "$some.raw/installed" "$some.raw/programs" | sed -n 's,.*/\([^/ ]*\)\.primary differ$,\1,p' | sort)
	diff - <(printf '%s\n' "${differ[@]}" | sort) <<<"$found"
}

# reads CONTENT EXPECTED-OF-3.1 EXPECTED-OF-4.1: the keys a:b and a:c, or "fails".
reads() {
	local folder expected said
	printf '%s' "$1" >"$BATS_TEST_TMPDIR/one.ini"
	for folder in "$EL7_31" "$INSTALLED"; do
		expected=$2
		[ "$folder" = "$EL7_31" ] || expected=$3
		if said=$("$folder/raw" "$BATS_TEST_TMPDIR/one.ini" a:b a:c 2>/dev/null); then
			said=${said//a:b = /}
			said=${said//$'\n'a:c = /|}
		else
			said=fails
		fi
		[ "$said" = "$expected" ] || {
			printf '%s reads %q as %s, expected %s\n' "${folder##*/}" "$1" "$said" "$expected"
			return 1
		}
	done
}

@test "the model of 3.1 does what 3.1 does, and 4.1 does not" {
	# a last line without a newline fails the file
	reads $'[a]\nb = 1' 'fails' '1|(none)'
	# a syntax error is forgotten as soon as a good line follows
	reads $'[a]\nb = 1\nnonsense\nc = 2\n' '1|2' 'fails'
	reads $'[a]\nb = 1\nc = 2\nnonsense\n' 'fails' 'fails'
	# inner blanks of quoted values are stripped, and two quotes are nothing
	reads $'[a]\nb = " x "\nc = \'\ty\'\n' 'x|y' $' x |\ty'
	reads $'[a]\nb = \'""\'\nc = "\'\'"\n' '|' "\"\"|''"
}

@test "the model of 3.1 does what both do" {
	local long
	reads $'[a]\nb = 1\nc = x y\n' '1|x y' '1|x y'
	reads $'[A]\nB = X\n' 'X|(none)' 'X|(none)'
	# no escapes: a value ends at the first closing quote, the rest is cut in silence
	reads $'[a]\nb = "x\\"y"\nc = "x"y"\n' 'x\|x' 'x\|x'
	# unquoted, ; and # start a comment anywhere
	reads $'[a]\nb = x;y\nc = x#y\n' 'x|x' 'x|x'
	reads $'[a]\nb = "x;y" ; z\nc =\n' 'x;y|' 'x;y|'
	reads $'[a]\nb = ""\nc = \'\'\n' '|' '|'
	# a quote that is not closed is forgiven
	reads $'[a]\nb = "x\nc = \'y\n' 'x|y' 'x|y'
	# a line that ends in a backslash swallows the next
	reads $'[a]\nb = x\\\nc = y\n' 'xc = y|(none)' 'xc = y|(none)'
	# the last duplicate wins
	reads $'[a]\nb = 1\nb = 2\n' '2|(none)' '2|(none)'
	# 1,023 bytes fail, 1,022 do not
	long=$(printf '%1018s' '' | tr ' ' x)
	reads $'[a]\nb = '"$long"$'\n' "$long|(none)" "$long|(none)"
	reads $'[a]\nb = '"${long}x"$'\n' 'fails' 'fails'
}

@test "the model of 3.1 dies where 3.1 would overwrite its stack, and prints a bad line" {
	local s k
	s=$(printf '%600s' '' | tr ' ' s)
	k=$(printf '%500s' '' | tr ' ' k)
	printf '[%s]\n%s = 1\n' "$s" "$k" >"$BATS_TEST_TMPDIR/one.ini"
	run "$EL7_31/raw" "$BATS_TEST_TMPDIR/one.ini"
	[ "$status" -gt 128 ]
	[[ $output == *'stack overwritten'* ]]
	printf '[a]\nsEcReT\n' >"$BATS_TEST_TMPDIR/one.ini"
	run -1 "$EL7_31/raw" "$BATS_TEST_TMPDIR/one.ini"
	[[ $output == *sEcReT* ]]
}
