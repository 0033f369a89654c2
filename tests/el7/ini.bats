#!/usr/bin/env bats
# The configuration reads the same with either iniparser: the one installed here (4.1 on Debian 12)
# and the model of CentOS 7's 3.1. tests/el7/corpus has the files.

load el7

setup_file() {
	need npm patchelf objcopy
	EL7_31=$(el7_programs)
	INSTALLED=$EL7_BUILD/installed CORPUS=$BATS_FILE_TMPDIR/corpus
	export EL7_31 INSTALLED CORPUS
	make --no-print-directory -s -C "$TOP" -j"$(nproc)" all
	make --no-print-directory -s -C "$TOP" -j"$(nproc)" -f tests/el7/readers.mk TO="$INSTALLED" WERROR=1 readers
	"$EL7/corpus" "$CORPUS"
	ask "$CORPUS" answers
	ask "$CORPUS" check_config
}

answers() { # FOLDER ROLE TO FILE...
	"$1/answers" "$3" "$2" answers "$2" {} -- "${@:4}"
}

check_config() {
	"$1/check-config-$2" "$3" "$2" "pgrepl-$2" --config {} check-config -- "${@:4}"
}

# The results of 3.1 and 4.1 alone, without our own check of the file first.
raw() {
	"$1/raws" "$3" "$2" raw {} common:primary_host common:replication_password primary:superuser_password \
		primary.settings:cluster_name -- "${@:4}"
}

# ask CORPUS HOW: each file, both roles, both kinds; output and exit code go to CORPUS.HOW/KIND/NAME.ROLE.
ask() {
	local kind role
	for kind in "$INSTALLED" "$EL7_31"; do
		mkdir -p "$1.$2/${kind##*/}"
		for role in primary standby; do
			(cd "$1" && "$2" "$kind" "$role" "$1.$2/${kind##*/}" ./*.ini)
		done
	done
}

# agree CORPUS HOW: both kinds gave the same answer for every file; else shows the first differences.
agree() {
	local answers files
	answers=$(find "$1.$2/installed" -type f | wc -l)
	files=$(find "$1" -name '*.ini' | wc -l)
	if [ "$files" = 0 ] || [ "$answers" != $((2 * files)) ]; then
		printf '%s files, but %s answers\n' "$files" "$answers"
		return 1
	fi
	diff -rua "$1.$2/installed" "$1.$2/programs" >"$BATS_TEST_TMPDIR/differences" || {
		head -n 60 "$BATS_TEST_TMPDIR/differences"
		return 1
	}
}

# --- the corpus -----------------------------------------------------------------------------------

@test "the corpus has several hundred files, some valid and some not" {
	local files fine
	files=$(find "$CORPUS" -name '*.ini' | wc -l)
	fine=$(grep -lx 'exit code 0' "$CORPUS.answers/installed"/*.primary | wc -l)
	echo "$files files, $fine of them valid"
	[ "$files" -ge 400 ]
	[ "$fine" -ge 150 ]
	[ $((files - fine)) -ge 100 ]
}

@test "every file gives the same entries and settings, or the same error, secrets included" {
	agree "$CORPUS" answers
}

@test "check-config of both programs prints the same for every file, with the same exit code" {
	agree "$CORPUS" check_config
}

# wrong NAME ROLE WANT: reports it.
wrong() {
	printf 'WRONG: %s on a %s, expected %s\n' "$1" "$2" "$3"
	cut -c1-200 "$CORPUS.answers/programs/$1.$2"
	failed=1
}

@test "the results are the expected ones" {
	local expect name want role failed=0 newline=$'\n'
	local -A said
	for expect in "$CORPUS"/*.expect; do
		name=${expect##*/} name=${name%.expect}
		for role in primary standby; do
			# read fails at the end of a file, which it has to reach
			! IFS= read -r -d '' said[$role] <"$CORPUS.answers/programs/$name.$role" || return 1
			said[$role]=$newline${said[$role]}
		done
		while IFS= read -r want; do
			for role in primary standby; do
				if [[ $want == 'error '* ]]; then
					[[ ${said[$role]} =~ ${newline}answers:\ error:\ [^$newline]*(${want#error }) &&
						${said[$role]} == *"${newline}exit code 78$newline"* ]] || wrong "$name" "$role" "$want"
				elif [[ $role == standby && $want == 'standby '* ]]; then
					[[ ${said[$role]} == *"$newline${want#standby }$newline"* ]] || wrong "$name" "$role" "$want"
				elif [[ $role == primary && $want != 'standby '* ]]; then
					[[ ${said[$role]} == *"$newline$want$newline"* ]] || wrong "$name" "$role" "$want"
				fi
			done
		done <"$expect"
	done
	[ "$failed" = 0 ]
}

# The readers above are the programs, except for how they are started.
@test "the programs themselves print the same for a valid file and for two that are not" {
	local name role code
	cd "$CORPUS"
	for name in bare-as-password quoted-cut-as-password control-character-as-parameter; do
		for role in primary standby; do
			code=0
			"$TOP/build/pgrepl-$role" --config "./$name.ini" check-config >"$BATS_TEST_TMPDIR/said" 2>&1 || code=$?
			echo "exit code $code" >>"$BATS_TEST_TMPDIR/said"
			diff "$BATS_TEST_TMPDIR/said" "$CORPUS.check_config/installed/$name.$role"
			diff "$BATS_TEST_TMPDIR/said" "$CORPUS.check_config/programs/$name.$role"
		done
	done
}

@test "no message contains a secret, and none comes from iniparser" {
	run grep -ralE 'sEcReT|iniparser' "$CORPUS.check_config"
	# the name of a file is not a secret
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

@test "the comparison finds every file that the two iniparsers alone read differently" {
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

@test "the model of 3.1 has the quirks that 3.1 has and 4.1 does not" {
	# a last line without a newline fails the file
	reads $'[a]\nb = 1' 'fails' '1|(none)'
	# a syntax error is forgotten as soon as a good line follows
	reads $'[a]\nb = 1\nnonsense\nc = 2\n' '1|2' 'fails'
	reads $'[a]\nb = 1\nc = 2\nnonsense\n' 'fails' 'fails'
	# blanks inside quotes are stripped, and two quotes are an empty value
	reads $'[a]\nb = " x "\nc = \'\ty\'\n' 'x|y' $' x |\ty'
	reads $'[a]\nb = \'""\'\nc = "\'\'"\n' '|' "\"\"|''"
}

@test "the model of 3.1 has the quirks that both have" {
	local long
	reads $'[a]\nb = 1\nc = x y\n' '1|x y' '1|x y'
	reads $'[A]\nB = X\n' 'X|(none)' 'X|(none)'
	# no escapes: a value ends at the first closing quote, the rest is silently cut
	reads $'[a]\nb = "x\\"y"\nc = "x"y"\n' 'x\|x' 'x\|x'
	# unquoted, ; and # start a comment anywhere
	reads $'[a]\nb = x;y\nc = x#y\n' 'x|x' 'x|x'
	reads $'[a]\nb = "x;y" ; z\nc =\n' 'x;y|' 'x;y|'
	reads $'[a]\nb = ""\nc = \'\'\n' '|' '|'
	# an unclosed quote is accepted
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
