#!/usr/bin/env bats
# What scripts/mock and scripts/build-rpm call, and what they make of a call that fails. The tools that
# only CentOS 7 has are stubs here, which write down how they were called.

load el7

setup() {
	need rpmbuild git
	# A tree of its own, with the scripts as they are now: the caller's build folder is left alone.
	TREE=$BATS_TEST_TMPDIR/tree CALLS=$BATS_TEST_TMPDIR/calls
	export TREE CALLS
	git clone -q "$TOP" "$TREE"
	cp "$TOP"/scripts/* "$TREE/scripts/"
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	cd "$TREE" || return
}

# stub NAME COMMANDS: what NAME is from here on.
stub() {
	printf '#!/usr/bin/env bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod 755 "$BATS_TEST_TMPDIR/bin/$1"
}

# shellcheck disable=SC2016 # the stubs expand it
recording='printf "%s\n" "${0##*/}" "$@" >>"$CALLS"'

@test "mock is given the source package that was built" {
	stub mock "$recording"
	run -0 --separate-stderr scripts/mock
	cat "$CALLS"
	[ "$(head -n 3 "$CALLS" | xargs)" = 'mock --root epel-7-x86_64' ]
	grep -qx 'pgmajor 12' "$CALLS"
	[[ $(tail -n 2 "$CALLS" | xargs) == '--rebuild build/rpm/SRPMS/pgrepl-'*.src.rpm ]]
	[ -f "$(tail -n 1 "$CALLS")" ]
}

@test "mock is not called when there is no source package, and that is a failure" {
	stub mock "$recording"
	stub rpmbuild 'echo "no room"; exit 1'
	fails_with 'no room' scripts/mock
	fails_with 'build-rpm: error: rpmbuild failed' scripts/mock
	[ ! -e "$CALLS" ]
}
