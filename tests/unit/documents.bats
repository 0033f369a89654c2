#!/usr/bin/env bats
# scripts/lint readme finds broken links in the documents.

bats_require_minimum_version 1.5.0
load ../lib/expect

setup() {
	local top=$BATS_TEST_DIRNAME/../..
	mkdir -p "$BATS_TEST_TMPDIR/tree/scripts"
	cd "$BATS_TEST_TMPDIR/tree" || return
	cp "$top/scripts/lint" scripts
	printf 'license\n' >LICENSE
	printf '%s\n' '# Adding' '' '## A key, and its type' '' 'See [the page](README.md#use-it-1).' >CONTRIBUTING.md
	printf '%s\n' '# A page' '' '[down](#use-it) and [below](#use-it-1), [key](CONTRIBUTING.md#a-key-and-its-type),' \
		'[license](LICENSE), [elsewhere](https://example.com/#nowhere)' '' '## Use it' '' '```sh' '# Not a heading' \
		'echo [x](nowhere)' '```' '' '## Use `it`' '' 'A call `[x](nowhere)` is code.' >README.md
}

# finds REGEX: the check fails and names the place.
finds() {
	run -1 scripts/lint readme
	contains "$1" <<<"$output"
}

@test "links to headings, repeated headings, files and other sites are fine" {
	run -0 scripts/lint readme
	contains '^lint: 1 ok, 0 failed' <<<"$output"
}

@test "an anchor without a heading is found" {
	sed -i 's/(#use-it)/(#use-that)/' README.md
	finds '^README.md:3: there is no heading for "#use-that"'
}

@test "a heading that was renamed is found from the other page" {
	sed -i 's/^## A key.*/## Keys/' CONTRIBUTING.md
	finds '^README.md:3: there is no heading for "CONTRIBUTING.md#a-key-and-its-type"'
}

@test "a comment in a code block is not a heading" {
	sed -i 's/(#use-it)/(#not-a-heading)/' README.md
	finds '^README.md:3: there is no heading for "#not-a-heading"'
}

@test "a file that does not exist is found" {
	rm LICENSE
	finds '^README.md:4: there is no file "LICENSE"'
}
