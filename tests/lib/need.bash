# What a test cannot do without.
# shellcheck shell=bash

# need TOOL...: skip the test when one is missing; scripts/check counts that as failed with CI=true.
need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "missing: $tool"
	done
}
