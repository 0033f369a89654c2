# The tools that a test requires.
# shellcheck shell=bash

# need TOOL...: skips the test if one is missing; scripts/check counts that as failed with CI=true.
need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "missing: $tool"
	done
}
