# A release can be checked by anybody who has the source: the same bytes come out again.

bats_require_minimum_version 1.5.0

setup_file() {
	local tree
	cd "$BATS_TEST_DIRNAME/../.." || return
	# A tree of its own: the caller's build folder is left alone. The commit gives the time.
	tree=$BATS_FILE_TMPDIR/tree
	git clone -q . "$tree"
	cd "$tree" || return
	export TREE=$tree GNUPGHOME=$BATS_FILE_TMPDIR/gnupg
	mkdir -m 0700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key 'Release <release@example.com>' rsa2048 sign never
	GPG_KEY=release@example.com scripts/build-rpm release >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/log" >&2
		return 1
	}
}

teardown_file() {
	gpgconf --kill gpg-agent || true
}

sums() {
	(cd "$TREE/build/release" && find . -type f | sort | xargs sha256sum)
}

@test "a release made twice is the same, bit for bit" {
	sums >"$BATS_TEST_TMPDIR/first"
	rm -rf "$TREE/build"
	GPG_KEY=release@example.com "$TREE/scripts/build-rpm" release >"$BATS_TEST_TMPDIR/log" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/log"
		return 1
	}
	sums | diff "$BATS_TEST_TMPDIR/first" -
}

@test "a release has both packages, their source, and checksums that hold" {
	cd "$TREE/build/release" || return
	ls repo/pgrepl-primary-*.rpm repo/pgrepl-standby-*.rpm source/pgrepl-*.src.rpm
	sha256sum --check --strict SHA256SUMS
}

@test "its checksums and its index are signed" {
	cd "$TREE/build/release" || return
	gpg --batch --verify SHA256SUMS.asc SHA256SUMS
	gpg --batch --verify repo/repodata/repomd.xml.asc repo/repodata/repomd.xml
}

@test "a changed index does not pass for the signed one" {
	cp "$TREE/build/release/repo/repodata/repomd.xml" "$BATS_TEST_TMPDIR/"
	printf '\n' >>"$BATS_TEST_TMPDIR/repomd.xml"
	run gpg --batch --verify "$TREE/build/release/repo/repodata/repomd.xml.asc" "$BATS_TEST_TMPDIR/repomd.xml"
	echo "$output"
	[ "$status" -ne 0 ]
}

@test "its packages are signed by the key that the repository offers" {
	local db=$BATS_TEST_TMPDIR/rpmdb
	mkdir "$db"
	rpmkeys --dbpath "$db" --import "$TREE/build/release/repo/RPM-GPG-KEY-pgrepl"
	run rpmkeys --dbpath "$db" --checksig --verbose "$TREE"/build/release/repo/*.rpm
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'Signature.*: OK' <<<"$output")" -ge 2 ]
}

@test "a release without a key is refused" {
	run env -u GPG_KEY "$TREE/scripts/build-rpm" release
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *GPG_KEY* ]]
}

@test "the packages are the same in two clones" {
	git clone -q "$TREE" "$BATS_TEST_TMPDIR/another/folder"
	"$BATS_TEST_TMPDIR/another/folder/scripts/build-rpm" rpm >"$BATS_TEST_TMPDIR/log" 2>&1
	(cd "$TREE" && sha256sum build/rpm/RPMS/*/*.rpm) >"$BATS_TEST_TMPDIR/sums"
	(cd "$BATS_TEST_TMPDIR/another/folder" && sha256sum --check "$BATS_TEST_TMPDIR/sums")
}

@test "the mock call names the archive that has the headers of PostgreSQL 12" {
	run "$TREE/scripts/mock" --print
	echo "$output"
	[[ $output == *"--root epel-7-x86_64 "*"yum-archive.postgresql.org/12/redhat/rhel-7-x86_64"*"--rebuild "* ]]
}
