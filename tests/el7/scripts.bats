#!/usr/bin/env bats
# What scripts/mock and scripts/build-rpm call, and how they handle a call that fails. The tools that
# only CentOS 7 has are stubs here, which record how they were called.

load el7

setup() {
	need rpmbuild git
	# Its own tree, with the scripts as they are now: the caller's build folder is left alone.
	TREE=$BATS_TEST_TMPDIR/tree CALLS=$BATS_TEST_TMPDIR/calls
	export TREE CALLS
	git clone -q "$TOP" "$TREE"
	cp "$TOP"/scripts/* "$TREE/scripts/"
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	cd "$TREE" || return
}

# stub NAME COMMANDS: what NAME does from here on.
stub() {
	printf '#!/usr/bin/env bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod 755 "$BATS_TEST_TMPDIR/bin/$1"
}

# shellcheck disable=SC2016 # the stubs expand it
recording='printf "%s\n" "${0##*/}" "$@" >>"$CALLS"'

@test "mock is called with the source package that was built" {
	stub mock "$recording"
	run -0 --separate-stderr scripts/mock
	cat "$CALLS"
	[ "$(head -n 3 "$CALLS" | xargs)" = 'mock --root epel-7-x86_64' ]
	grep -qx 'pgmajor 12' "$CALLS"
	[[ $(tail -n 2 "$CALLS" | xargs) == '--rebuild build/rpm/SRPMS/pgrepl-'*.src.rpm ]]
	[ -f "$(tail -n 1 "$CALLS")" ]
}

@test "without a source package mock is not called, and the script fails" {
	stub mock "$recording"
	stub rpmbuild 'echo "no room"; exit 1'
	fails_with 'no room' scripts/mock
	fails_with 'build-rpm: error: rpmbuild failed' scripts/mock
	[ ! -e "$CALLS" ]
}

# signing RPM-VERSION: how packages are signed with that version. CALLS gets rpmsign's arguments, and
# then its stdin and whether it has a terminal.
signing() {
	export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
	mkdir -m 0700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key 'A test <test@example.com>' rsa2048 sign never
	stub rpm "if [ \"\$*\" = --version ]; then echo 'RPM version $1'; else exec $(command -v rpm) \"\$@\"; fi"
	stub rpmsign "$recording"'
		{ printf "stdin:%s:\n" "$(cat | od -An -c)"; if (: </dev/tty) 2>/dev/null; then echo terminal; fi; } >>"$CALLS"'
	# shellcheck disable=SC2016 # the stub expands it
	stub rpmbuild 'while [ $# -gt 1 ]; do
			case $2 in "_topdir "*) mkdir -p "${2#_topdir }/RPMS" && : >"${2#_topdir }/RPMS/one.rpm" ;; esac
			shift
		done'
	# shellcheck disable=SC2016
	stub createrepo_c 'mkdir "${!#}/repodata" && : >"${!#}/repodata/repomd.xml"'
	# always a terminal, and a line on stdin that rpmsign must not read
	echo 'not for rpmsign' | GPG_KEY=test@example.com script -qec 'scripts/build-rpm repo' /dev/null || return
	gpgconf --kill gpg-agent
	grep -q "/build/repo.new/one.rpm$" "$CALLS"
	cat "$CALLS"
}

@test "rpm 4.11 signs without a terminal, with an empty pass phrase that is accepted" {
	need gpg script
	signing 4.11.3
	grep -qx '__gpg_check_password_cmd /bin/sh sh -c "cat <&3"' "$CALLS"
	grep -qx 'stdin: *\\n:' "$CALLS"
	run ! grep -x terminal "$CALLS"
}

@test "rpm 4.14 and later sign without special treatment" {
	need gpg script
	signing 4.14.0
	run ! grep __gpg_check_password_cmd "$CALLS"
	grep -qx terminal "$CALLS"
}
