#!/usr/bin/env bats
# A real firewalld on the primary. The standby's addresses are the configured networks; a stranger is in
# the same segment and in none of them.
# bats file_tags=once

load hosts
load ../lib/need

setup_file() {
	lab_start
	# where there is no apt, the tests are skipped
	command -v apt-get >/dev/null || return 0
	create_installed primary primary firewalld netbase
	host_give_capability primary CAP_NET_ADMIN
	boot_installed standby standby
	host_create stranger
	host_boot stranger
	boot_unstarted primary primary
	host_set primary standby_networks "$(host_ip standby)/32, $(host_ip6 standby)/128"
}

setup() {
	need apt-get
}

# firewalld takes commands before it has told the kernel what there is.
start_firewalld() {
	host_run primary systemctl start firewalld
	patiently host_run primary firewall-cmd --quiet --state
}

# rules: what is open now and what will be after a reload, apart from what firewalld opens by itself.
rules() {
	host_run primary firewall-cmd --list-rich-rules | sort | sed 's/^/now: /'
	host_run primary firewall-cmd --permanent --list-rich-rules | sort | sed 's/^/permanent: /'
}

expected_rules() {
	local when network
	for when in now permanent; do
		for network in "ipv4\" source address=\"$(host_ip standby)/32" "ipv6\" source address=\"$(host_ip6 standby)/128"; do
			printf '%s: rule family="%s" port port="5432" protocol="tcp" accept\n' "$when" "$network"
		done
	done
}

# everything_of_firewalld: all of its configuration, and all that it told the kernel.
everything_of_firewalld() {
	host_run primary find /etc/firewalld -type f -exec sha256sum {} +
	ip netns exec "$(lab_netns primary)" nft list ruleset >"$BATS_TEST_TMPDIR/ruleset"
	grep -q 'chain filter_IN_public_allow' "$BATS_TEST_TMPDIR/ruleset"
	cat "$BATS_TEST_TMPDIR/ruleset"
}

# reaches NAME [ADDRESS]: the server's port answers. Those who must not come are told so, and need not wait.
reaches() {
	host_run "$1" timeout 60 bash -c ': </dev/tcp/$0/5432' "${2:-$(host_ip primary)}"
}

@test "open_firewall is off unless told: firewalld is left as it is, and nobody gets in" {
	local before after
	start_firewalld
	before=$(everything_of_firewalld)
	host_run primary pgrepl-primary setup | contains '^ok +firewall +open_firewall is off'
	after=$(everything_of_firewalld)
	diff <(echo "$before") <(echo "$after")
	host_run primary pgrepl-primary status >/dev/null
	run ! reaches standby
	run ! reaches stranger
}

@test "with the key and no firewalld running, nothing is touched" {
	local before
	host_run primary systemctl stop firewalld
	host_set primary open_firewall on
	before=$(host_run primary find /etc/firewalld -type f -exec sha256sum {} +)
	host_run primary pgrepl-primary setup | contains '^ok +firewall +firewalld does not run'
	diff <(echo "$before") <(host_run primary find /etc/firewalld -type f -exec sha256sum {} +)
	[ "$(host_run primary systemctl is-active firewalld || true)" = inactive ]
}

@test "a dry run says that the port would be opened, and opens nothing" {
	local before after
	start_firewalld
	before=$(everything_of_firewalld)
	host_run primary pgrepl-primary setup --dry-run | contains '^would +firewall +TCP port 5432 is to be opened for 2 networks'
	after=$(everything_of_firewalld)
	diff <(echo "$before") <(echo "$after")
}

@test "setup opens the port for the configured networks, now and permanently, and for nobody else" {
	host_run primary pgrepl-primary setup | contains '^changed +firewall +TCP port 5432 is open for 2 networks'
	diff <(expected_rules) <(rules)
	host_run primary firewall-cmd --list-ports | lacks .
	reaches standby
	reaches standby "$(host_ip6 primary)"
	run ! reaches stranger
	run ! reaches stranger "$(host_ip6 primary)"
	finds_nothing_to_do primary primary
}

@test "the standby streams through it" {
	host_run standby systemctl start pgrepl-standby
	wait_until_streams primary standby
}

@test "after a reload of firewalld, and after a boot, it is the same" {
	host_run primary firewall-cmd --reload
	diff <(expected_rules) <(rules)
	reaches standby
	run ! reaches stranger
	host_run primary systemctl enable --quiet firewalld
	host_power_off primary
	host_boot primary
	patiently host_run primary firewall-cmd --quiet --state
	diff <(expected_rules) <(rules)
	wait_until_streams primary standby
	run ! reaches stranger
}

@test "a rule that was taken away, now or permanently, is put back; one of somebody else stays" {
	local theirs='rule family="ipv4" source address="192.0.2.0/24" accept'
	host_run primary firewall-cmd --quiet --add-rich-rule="$theirs"
	host_run primary firewall-cmd --quiet --remove-rich-rule="rule family=ipv4 source address=$(host_ip standby)/32 port port=5432 protocol=tcp accept"
	host_run primary firewall-cmd --quiet --permanent --remove-rich-rule="rule family=ipv6 source address=$(host_ip6 standby)/128 port port=5432 protocol=tcp accept"
	host_run primary pgrepl-primary setup | contains '^changed +firewall'
	diff <({ expected_rules; echo "now: $theirs"; } | sort) <(rules | sort)
}
