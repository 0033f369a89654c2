# Anybody who has the source can check a release: a rebuild gives the same bytes.

bats_require_minimum_version 1.5.0

# Two separate trees: the caller's build folder is left alone. The commit determines the time. The packages
# are built a second time in another folder, without a network, and not as root.
setup_file() {
	local all=$BATS_FILE_TMPDIR/all
	# the other user has to reach it
	chmod 0711 "${BATS_FILE_TMPDIR%/*/*}" "${BATS_FILE_TMPDIR%/*}" "$BATS_FILE_TMPDIR"
	mkdir -m 0755 "$all"
	git clone -q "$BATS_TEST_DIRNAME/../.." "$all/tree"
	git clone -q "$all/tree" "$all/another/folder"
	export TREE=$all/tree ANOTHER=$all/another/folder GNUPGHOME=$all/gnupg
	mkdir -m 0700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key 'Release <release@example.com>' rsa2048 sign never
	logged release || return
	logged packages_again || return
}

teardown_file() {
	gpgconf --kill gpg-agent || true
}

logged() {
	"$1" >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/log"
		return 1
	}
}

release() {
	GPG_KEY=release@example.com "$TREE/scripts/build-rpm" release
}

packages_again() {
	local as=()
	if [ "$(id -u)" = 0 ]; then
		chown -R 65534:65534 "$ANOTHER"
		as=(unshare --net setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$ANOTHER")
	fi
	"${as[@]}" "$ANOTHER/scripts/build-rpm" rpm
}

build_id() { # FILE
	readelf -n "$1" | sed -n 's/^ *Build ID: //p'
}

sums() {
	(cd "$TREE/build/release" && find . -type f | sort | xargs sha256sum)
}

# The source package contains its folder's name, so it is rebuilt in the same one.
@test "a release made twice is the same, bit for bit" {
	sums >"$BATS_TEST_TMPDIR/first"
	rm -rf "$TREE"/build/release "$TREE"/build/rpm/{RPMS,SRPMS,SRPMS.stamp,SOURCES}
	cp -r "$ANOTHER/build/rpm/RPMS" "$TREE/build/rpm/"
	logged release
	sums | diff "$BATS_TEST_TMPDIR/first" -
}

@test "its build ran every C unit program, without root or a network" {
	local tree source log
	for tree in "$TREE" "$ANOTHER"; do
		log=$tree/build/rpm/RPMS.log
		grep -E -A 1 '^tests/unit/|checks, ' "$log"
		for source in "$tree"/tests/unit/*.c; do
			grep -qE "^tests/unit/$(basename "$source" .c)(-(primary|standby))?:\$" "$log"
		done
		# they run in parallel, so their output is mixed
		[ "$(grep -cE '^[1-9][0-9]* checks, 0 failed$' "$log")" = "$(grep -c '^tests/unit/.*:$' "$log")" ]
	done
}

@test "a release has both packages, their source, and correct checksums" {
	cd "$TREE/build/release" || return
	ls repo/pgrepl-primary-*.rpm repo/pgrepl-standby-*.rpm source/pgrepl-*.src.rpm
	sha256sum --check --strict SHA256SUMS
	diff <(awk '{ print $2 }' SHA256SUMS | sort) <(find -- * -type f ! -name 'SHA256SUMS*' | sort)
}

@test "debug information is in a repository of its own, and fits the programs in the packages" {
	local role package id
	cd "$TREE/build/release" || return
	run ! compgen -G 'repo/*debug*'
	run ! grep -q debuginfo <(zcat repo/repodata/*-primary.xml.gz)
	grep -q debuginfo <(zcat debug/repodata/*-primary.xml.gz)
	for package in repo/*.rpm debug/*.rpm; do
		rpm2cpio "$package" | (cd "$BATS_TEST_TMPDIR" && cpio -idu --quiet)
	done
	cd "$BATS_TEST_TMPDIR/usr" || return
	for role in primary standby; do
		id=$(build_id sbin/pgrepl-$role)
		[ -n "$id" ]
		[ "$(build_id lib/debug/usr/sbin/pgrepl-$role*.debug)" = "$id" ]
		readelf -S -W lib/debug/usr/sbin/pgrepl-$role*.debug | grep -q ' \.debug_info '
		run ! grep -q ' \.debug_info ' <(readelf -S -W sbin/pgrepl-$role)
	done
}

@test "its checksums and its index are signed" {
	cd "$TREE/build/release" || return
	gpg --batch --verify SHA256SUMS.asc SHA256SUMS
	gpg --batch --verify repo/repodata/repomd.xml.asc repo/repodata/repomd.xml
	gpg --batch --verify debug/repodata/repomd.xml.asc debug/repodata/repomd.xml
}

@test "a changed index fails verification" {
	cp "$TREE/build/release/repo/repodata/repomd.xml" "$BATS_TEST_TMPDIR/"
	printf '\n' >>"$BATS_TEST_TMPDIR/repomd.xml"
	run gpg --batch --verify "$TREE/build/release/repo/repodata/repomd.xml.asc" "$BATS_TEST_TMPDIR/repomd.xml"
	echo "$output"
	[ "$status" -ne 0 ]
}

@test "its packages are signed with the key that the repository offers" {
	local db=$BATS_TEST_TMPDIR/rpmdb
	mkdir "$db"
	rpmkeys --dbpath "$db" --import "$TREE/build/release/repo/RPM-GPG-KEY-pgrepl"
	run rpmkeys --dbpath "$db" --checksig --verbose "$TREE"/build/release/{repo,debug}/*.rpm
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'Signature.*: OK' <<<"$output")" -ge 3 ]
}

@test "a release without a key is refused" {
	run env -u GPG_KEY "$TREE/scripts/build-rpm" release
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *GPG_KEY* ]]
}

@test "the packages are the same in two clones" {
	(cd "$TREE" && sha256sum build/rpm/RPMS/*/*.rpm) >"$BATS_TEST_TMPDIR/sums"
	(cd "$ANOTHER" && sha256sum --check "$BATS_TEST_TMPDIR/sums")
}

@test "the mock call names the archive that has the headers of PostgreSQL 12" {
	run "$TREE/scripts/mock" --print
	echo "$output"
	[[ $output == *"--root epel-7-x86_64 "*"yum-archive.postgresql.org/12/redhat/rhel-7-x86_64"*"--rebuild "* ]]
}
