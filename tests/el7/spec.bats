#!/usr/bin/env bats
# The spec means the same to rpm 4.11.3 as to later versions.

load el7

setup_file() {
	need rpmspec
}

# spec PREAMBLE [AFTER]: runs check-spec on a small spec with these lines.
spec() {
	{
		printf 'Name: one\nVersion: 1.0\nRelease: 1%%{?dist}\nSummary: A test\nLicense: PostgreSQL\n%s\n' "$1"
		printf '%%description\nA test.\n%%build\n%%{__make} %%{?_smp_mflags}\n%s\n' "${2:-}"
		printf '%%files\n%%{_sbindir}/one\n'
	} >"$BATS_TEST_TMPDIR/one.spec"
	"$EL7/check-spec" "$BATS_TEST_TMPDIR/one.spec"
}

@test "rpm 4.11.3 reads the spec as intended, for every major version of PostgreSQL" {
	local major
	for major in 12 13 14 15; do
		"$EL7/check-spec" "$TOP/SPECS/pgrepl.spec" pgmajor "$major"
	done
}

@test "on CentOS 7 the spec expands to its packages and folders" {
	run -0 --separate-stderr rpmspec --macros="$EL7/facts/rpm-4.11.3-macros" -P "$TOP/SPECS/pgrepl.spec"
	local line
	for line in $'Release:\t1.el7.centos' $'BuildRequires:\tiniparser-devel' $'BuildRequires:\tsystemd' \
		$'Requires:\tpostgresql12-server' $'Requires:\tpostgresql12-libs' 'Requires(post): systemd' \
		'/usr/lib/systemd/system/pgrepl-primary.service' '/usr/lib/systemd/system-preset/50-pgrepl-standby.preset' \
		'/usr/share/man/man8/pgrepl-primary.8*' '%config(noreplace) %attr(0600,root,root) /etc/pgrepl.ini'; do
		grep -qxF -- "$line" <<<"$output" || {
			printf 'not found: %s\nin:\n%s\n' "$line" "$output"
			false
		}
	done
}

# on_el RELEASE: the spec as that release's rpm expands it.
on_el() {
	rpmspec --define "rhel $1" --define "pgmajor 15" --define '_unitdir /usr/lib/systemd/system' \
		--define '_presetdir /usr/lib/systemd/system-preset' -P "$TOP/SPECS/pgrepl.spec"
}

@test "EL 7 and 8 have systemd's macros in systemd, later ones in a package that 7 does not know" {
	on_el 8 | grep -xF $'BuildRequires:\tsystemd'
	on_el 9 | grep -xF $'BuildRequires:\tsystemd-rpm-macros'
	on_el 10 | grep -xF $'BuildRequires:\tsystemd-rpm-macros'
	run ! grep -xF $'BuildRequires:\tsystemd' <<<"$(on_el 9)"
	on_el 9 | grep -xF $'Requires:\tpostgresql15-server'
}

@test "what rpm 4.11.3 has is accepted" {
	spec 'Requires: systemd >= 219'
	spec $'BuildRequires: systemd\nRequires(post): systemd\nProvides: two = 1.0~rc1\nConflicts: three < 2' \
		$'%post\n%systemd_post one.service\n%preun\n%systemd_preun one.service\n%postun\n%systemd_postun one.service'
	spec $'%bcond_with x\n%bcond_without y\n%if %{with y}\nRequires: y\n%endif'
	spec $'%if 0%{?rhel} >= 8\nRecommends: later\nRequires: (a or b)\n%else\nRequires: now\n%endif'
	spec '# a comment on %%{macros} and 100%' $'%install\n%make_install\n%check\nprintf "%s" %{_unitdir}\n%files\n%license LICENSE'
	spec 'Requires: pkgconfig(libpq)' $'%changelog\n* Mon Nov 23 2026 us - 1.0-1\n- %elif is gone, %{undefined_thing} as well\n%files'
}

@test "later kinds of dependencies are found" {
	fails_with 'weak dependencies' spec 'Recommends: two'
	fails_with 'weak dependencies' spec 'Suggests: two'
	fails_with 'weak dependencies' spec 'Supplements: two'
	fails_with 'weak dependencies' spec 'Enhances: two'
	fails_with 'weak dependencies' spec $'%package two\nSummary: Two\nRecommends: one\n%description two\nTwo.'
	fails_with 'rich dependencies' spec 'Requires: (two or three)'
	fails_with 'rich dependencies' spec 'Requires: two, (three if four)'
	fails_with 'rich dependencies' spec 'Conflicts: (two with three)'
	fails_with 'Requires\(meta\) came after' spec 'Requires(meta): two'
	fails_with 'these macros in systemd' spec 'BuildRequires: systemd-rpm-macros'
	fails_with '\^ in versions' spec 'Requires: two >= 1.0^git1'
	fails_with '\^ in versions' spec 'Provides: two = 1.0^1'
	fails_with 'ModularityLabel.*came after' spec 'ModularityLabel: x'
}

@test "^ in the version of the package itself is found" {
	printf 'Name: one\nVersion: 1.0^git1\nRelease: 1\nSummary: A test\nLicense: PostgreSQL\n%%description\nA test.\n' \
		>"$BATS_TEST_TMPDIR/one.spec"
	fails_with '\^ in versions' "$EL7/check-spec" "$BATS_TEST_TMPDIR/one.spec"
}

@test "later conditions are found, with the line" {
	fails_with 'one.spec:8: %elif' spec $'%if 0%{?rhel} >= 8\nRequires: a\n%elif 0%{?fedora}\nRequires: b\n%endif'
	fails_with '%elif' spec $'%ifarch x86_64\n%elifarch aarch64\n%endif'
	fails_with 'one.spec:6: %bcond NAME' spec '%bcond x 1'
	fails_with '\?: in %if' spec $'%if 0%{?rhel} ? 1 : 0\n%endif'
	fails_with 'versions in %if' spec $'%if v"1.0" < v"2.0"\n%endif'
	fails_with '%\[ \] came' spec '%global x %[ 1 + 1 ]'
}

@test "later built-in macros of rpm are found, although the host expands them" {
	local macro
	for macro in 'expr:1+1' 'quote:a b' 'shrink:a  b' 'exists:/etc' 'len:abc' 'lower:A' 'upper:a' 'rep:a:3' 'sub:abc:1:1' \
		'gsub:a:b:c' 'shescape:a' 'macrobody:nil' 'reverse:abc'; do
		fails_with "%\{${macro%%:*}:\} came after" spec "%global x %{$macro}"
	done
	fails_with '%dnl came' spec '%dnl a comment'
	fails_with 'getncpus came' spec '%global x %{getncpus}'
	fails_with 'a macro in a comment' spec '# %{systemd_requires}'
}

@test "later macros of other packages are left unexpanded, and found" {
	local macro
	for macro in '%set_build_flags' '%{build_cflags}' '%{build_ldflags}' '%ldconfig_scriptlets' '%{?x}%cmake_build' \
		'%meson' '%sysusers_create_package one x' '%tmpfiles_create_package one x' '%systemd_ordering' '%{_environmentdir}' \
		'%{_metainfodir}' '%systemd_postun_with_reload one' '%{_user_tmpfilesdir}'; do
		fails_with 'is left unexpanded' spec '' "$macro"
	done
	fails_with 'Unknown tag: %systemd_ordering' spec '%systemd_ordering'
	fails_with 'not_defined_anywhere' spec 'Requires: %{not_defined_anywhere}'
}

@test "later sections and file attributes are found" {
	fails_with '%filetriggerin came' spec '' $'%filetriggerin -- /usr/lib\ntrue'
	fails_with '%transfiletriggerpostun came' spec '' $'%transfiletriggerpostun -- /usr/lib\ntrue'
	fails_with '%generate_buildrequires came' spec '' $'%generate_buildrequires\ntrue'
	fails_with '%patchlist came' spec '%patchlist'
	fails_with '%preuntrans came' spec '' $'%preuntrans\ntrue'
	fails_with '%artifact came' spec '' $'%files\n%artifact /x'
	fails_with '%autopatch -m' spec '' $'%prep\n%autopatch -m 1'
	fails_with '%autosetup -C came' spec '' $'%prep\n%autosetup -C'
}

@test "a spec that does not expand is found" {
	fails_with 'does not expand' spec $'%if 1\nRequires: a'
}

# check_of OPTION...: the spec up to %check, with a source of nothing but unit programs that fail; so the
# packages cannot be built, whatever %check does.
check_of() {
	local top=$BATS_TEST_TMPDIR/rpmbuild version load=()
	version=$(sed -n 's/^Version:[[:space:]]*//p' "$TOP/SPECS/pgrepl.spec")
	mkdir -p "$top/SOURCES" "$top/pgrepl-$version/tests/unit"
	# shellcheck disable=SC2016 # make expands it
	printf 'all doc:\ninstall:\n\tmkdir -p $(DESTDIR)/var/lib/pgrepl\n' >"$top/pgrepl-$version/Makefile"
	printf 'unit-run:\n\t@echo the unit programs run; exit 1\n' >"$top/pgrepl-$version/tests/unit/programs.mk"
	tar -czf "$top/SOURCES/pgrepl-$version.tar.gz" -C "$top" "pgrepl-$version"
	[ -n "$(rpm --eval '%{?_unitdir}')" ] || load=(--load="$TOP/scripts/rpm-macros")
	rpmbuild -bi --nodeps "${load[@]}" --define "_topdir $top" "$@" "$TOP/SPECS/pgrepl.spec"
}

@test "a failing unit program fails the build; with --nocheck none is run" {
	need rpmbuild
	run ! check_of
	echo "$output"
	[[ $output == *'the unit programs run'* ]]
	[[ $output == *'Bad exit status from '*'(%check)'* ]]
	[[ $output != *'File not found: '* ]]
	run ! check_of --nocheck
	echo "$output"
	[[ $output != *'the unit programs run'* ]]
	[[ $output != *'(%check)'* ]]
	[[ $output == *'File not found: '*'/usr/sbin/pgrepl-primary'* ]]
}

# example MAJOR EL ROLE: the packaged user data.
example() {
	make --no-print-directory -s -C "$TOP" doc "PGMAJOR=$1" "EL=$2" BUILD="$BATS_TEST_TMPDIR/doc"
	cat "$BATS_TEST_TMPDIR/doc/user-data-$3.yaml"
}

@test "the packaged user data name the repositories for their PostgreSQL and EL versions" {
	local role
	for role in primary standby; do
		diff <(example 12 7 $role) "$TOP/SOURCES/user-data-$role.yaml"
		diff <(example 15 7 $role) "$TOP/SOURCES/user-data-$role.yaml" >"$BATS_TEST_TMPDIR/diff" || true
		cat "$BATS_TEST_TMPDIR/diff"
		grep -qxF '<     baseurl: https://yum-archive.postgresql.org/15/redhat/rhel-7-x86_64' "$BATS_TEST_TMPDIR/diff"
		example 15 9 $role >"$BATS_TEST_TMPDIR/yaml"
		cat "$BATS_TEST_TMPDIR/yaml"
		run ! grep -nE '12|7|CentOS|vault|archive' "$BATS_TEST_TMPDIR/yaml"
		grep -qxF '    baseurl: https://download.postgresql.org/pub/repos/yum/15/redhat/rhel-9-x86_64' "$BATS_TEST_TMPDIR/yaml"
		grep -qxF '    baseurl: https://dl.fedoraproject.org/pub/epel/9/Everything/x86_64' "$BATS_TEST_TMPDIR/yaml"
		grep -qxF '      state=disabled' "$BATS_TEST_TMPDIR/yaml"
		[ "$(grep -c '^  - path: ' "$BATS_TEST_TMPDIR/yaml")" = 2 ]
	done
}
