#!/usr/bin/env bats
# Every unit and preset uses only what systemd 219 knows, and means to 219 what was intended.

# shellcheck disable=SC1003 # backslashes before quotes are being tested
load el7

units() {
	find "$TOP/SOURCES" -regextype egrep -regex '.*\.(service|socket|timer|path|target|mount|slice|preset|conf)' | sort
}

# unit LINE...: runs check-units on a valid service with these lines.
unit() {
	{
		printf '[Unit]\nDescription=A test\n[Service]\nType=oneshot\nExecStart=/bin/true\n'
		printf '%s\n' "$@"
	} >"$BATS_TEST_TMPDIR/one.service"
	"$EL7/check-units" "$BATS_TEST_TMPDIR/one.service"
}

# whole_unit NAME TEXT
whole_unit() {
	printf '%s' "$2" >"$BATS_TEST_TMPDIR/$1"
	"$EL7/check-units" "$BATS_TEST_TMPDIR/$1"
}

@test "systemd 219 accepts every unit and preset that is installed" {
	local files
	mapfile -t files < <(units)
	printf '%s\n' "${files[@]##*/}"
	[ ${#files[@]} -ge 4 ]
	"$EL7/check-units" "${files[@]}"
}

@test "these tests check every unit and preset that is installed" {
	local name names
	names=$(sed -nE 's,.*/(pgrepl[^/ ]*\.(service|socket|timer|path|target)|[0-9]+-[^/ ]*\.preset).*,\1,p' \
		"$TOP/SPECS/pgrepl.spec" | sort -u)
	[ -n "$names" ]
	for name in $names; do
		echo "$name"
		units | grep -q "/$name\$"
	done
}

@test "what 219 knows is accepted" {
	unit
	unit 'Restart=no' 'TimeoutStartSec=0' 'NotifyAccess=main' 'StandardOutput=journal+console'
	unit 'ExecStartPre=-/bin/false' 'ExecStart=@/bin/true true' 'ExecStop=-@/bin/true %%n x'
	unit 'Environment=A=%n B=%N C=%p D=%P E=%i F=%I G=%f H=%c I=%r J=%R K=%t L=%U M=%u N=%h O=%s P=%m Q=%H R=%b S=%v T=%T'
	unit 'ProtectSystem=full' 'ProtectHome=read-only' 'RuntimeDirectory=pgrepl other' '[Install]' 'WantedBy=multi-user.target'
	unit 'Environment="A=1 2" \' '  B=3' '[X-Ours]' 'Anything=goes %y'
}

@test "values of every kind that 219 can read are accepted" {
	local value
	for value in yes no true false on off 1 0 Yes TRUE; do
		unit "RemainAfterExit=$value" "PrivateTmp=$value"
	done
	for value in 0 5 1.5 20s '5 seconds' '1min 30s' 1min30s '2 hours' 100ms 10us '1d 2h' 1w 2months 1y 5m '3 min 4' 0.5sec; do
		unit "TimeoutStartSec=$value" "StartLimitInterval=$value" "WatchdogSec=$value"
	done
	unit 'SuccessExitStatus=75 78 SIGTERM' 'RestartPreventExitStatus=0 255 KILL RTMIN+3' 'KillSignal=SIGINT' 'TimerSlackNSec=5us'
	unit 'SuccessExitStatus=' 'RestartForceExitStatus=' 'RestartSec=100ms'
}

@test "switches, times and statuses that 219 cannot read are found" {
	local value
	for value in maybe disconnected 2 -1 yess; do
		fails_with "one.service:6: RemainAfterExit=$value: 219 accepts yes or no" unit "RemainAfterExit=$value"
		fails_with "one.service:6: PrivateTmp=$value: 219 accepts yes or no" unit "PrivateTmp=$value"
	done
	fails_with 'DefaultDependencies=later: 219 accepts' unit '[Unit]' 'DefaultDependencies=later'
	fails_with 'Persistent=x: 219 accepts' whole_unit one.timer $'[Timer]\nPersistent=x\n'
	for value in '5 fortnights' 5M 1e3 -5 s never 5s5x infinitely 1.2.3s; do
		fails_with "TimeoutStartSec=$value: not a time" unit "TimeoutStartSec=$value"
		fails_with "RestartSec=$value: not a time" unit "RestartSec=$value"
		fails_with "StartLimitInterval=$value: not a time" unit "StartLimitInterval=$value"
	done
	fails_with 'OnBootSec=soon: not a time' whole_unit one.timer $'[Timer]\nOnBootSec=soon\n'
	for value in DATAERR 256 -1 75,78 SIGNOTHING TEMPFAIL; do
		fails_with "SuccessExitStatus=$value: 219 accepts" unit "SuccessExitStatus=$value"
		fails_with "RestartPreventExitStatus=$value: 219 accepts" unit "RestartPreventExitStatus=0 $value"
	done
	fails_with 'KillSignal=SIGLATER: not a signal' unit 'KillSignal=SIGLATER'
}

@test "a oneshot service with a restart is found" {
	fails_with 'one.service:6: Type=oneshot with Restart=on-failure: 219 refuses' unit 'Restart=on-failure'
	fails_with 'Type=oneshot with Restart=always' unit 'Restart=always'
}

@test "an infinite time is found" {
	fails_with 'TimeoutStartSec=infinity' unit 'TimeoutStartSec=infinity'
	fails_with 'TimeoutStopSec=infinity' unit 'TimeoutStopSec = infinity'
	fails_with 'TimeoutSec=infinity' unit 'TimeoutSec=infinity'
	fails_with 'StartLimitInterval=infinity' unit 'StartLimitInterval=infinity'
}

@test "a command with a later prefix, or with a path that is not absolute, is found" {
	fails_with 'prefix \+' unit 'ExecStart=+/bin/true'
	fails_with 'prefix !' unit 'ExecStart=!/bin/true'
	fails_with 'prefix !!' unit 'ExecStartPre=!!/bin/true'
	fails_with 'prefix :' unit 'ExecStop=:/bin/true'
	fails_with 'prefix -\+' unit 'ExecStartPost=-+/bin/true'
	fails_with 'ExecStart=: the path of the program is not absolute' unit 'ExecStart=true'
}

@test "later directives are found, with file and line" {
	local line
	for line in StateDirectory=pgrepl LoadCredential=a:/b ExecCondition=/bin/true DynamicUser=yes RuntimeMaxSec=1 \
		TimeoutAbortSec=1 RestartSteps=2 ExitType=cgroup CacheDirectory=x LogsDirectory=x ConfigurationDirectory=x \
		RuntimeDirectoryPreserve=yes ReadWritePaths=/x ReadOnlyPaths=/x InaccessiblePaths=/x ProtectKernelTunables=yes \
		ProtectControlGroups=yes ProtectHostname=yes RestrictNamespaces=yes RestrictSUIDSGID=yes LockPersonality=yes \
		MemoryDenyWriteExecute=yes MemoryMax=1G CPUWeight=100 LogLevelMax=info UnsetEnvironment=A SetCredential=a:b \
		OOMPolicy=stop KeyringMode=private StartLimitIntervalSec=5 CollectMode=inactive; do
		fails_with "one.service:6: Service\.${line%%=*}: 219 does not know it" unit "$line"
	done
	for line in StartLimitIntervalSec=5 StartLimitBurst=5 OnSuccess=a.service SuccessAction=reboot FailureAction=reboot \
		ConditionUser=root ConditionKernelVersion=3 ConditionEnvironment=A ConditionFirmware=x Upholds=a.service \
		CollectMode=inactive JobRunningTimeoutSec=5 AssertUser=root PropagatesStopTo=a.service; do
		fails_with "one.service:2: Unit\.${line%%=*}: 219 does not know it" \
			whole_unit one.service $'[Unit]\n'"$line"$'\n[Service]\nType=oneshot\nExecStart=/bin/true\n'
	done
	fails_with 'Install.UpheldBy: 219 does not know it' unit '[Install]' 'UpheldBy=multi-user.target'
	fails_with 'Service.WantedBy: 219 does not know it' unit 'WantedBy=multi-user.target'
}

@test "later values are found" {
	fails_with 'Type=exec' whole_unit one.service $'[Service]\nType=exec\nExecStart=/bin/true\n'
	fails_with 'Type=notify-reload' whole_unit one.service $'[Service]\nType=notify-reload\nExecStart=/bin/true\n'
	fails_with 'NotifyAccess=exec' unit 'NotifyAccess=exec'
	fails_with 'ProtectSystem=strict' unit 'ProtectSystem=strict'
	fails_with 'ProtectHome=tmpfs' unit 'ProtectHome=tmpfs'
	fails_with 'StandardOutput=append:/var/log/x' unit 'StandardOutput=append:/var/log/x'
	fails_with 'StandardError=file:/var/log/x' unit 'StandardError=file:/var/log/x'
	fails_with 'StandardOutput=truncate:/x' unit 'StandardOutput=truncate:/x'
	fails_with 'StandardInput=data' unit 'StandardInput=data'
	fails_with 'Restart=whenever: 219 knows' whole_unit one.service \
		$'[Service]\nType=simple\nRestart=whenever\nExecStart=/bin/true\n'
	fails_with 'KillMode=later' unit 'KillMode=later'
	fails_with 'RuntimeDirectory=pgrepl/primary: with a slash' unit 'RuntimeDirectory=pgrepl/primary'
	fails_with 'WorkingDirectory=~' unit 'WorkingDirectory=~'
	fails_with 'SystemCallFilter=@system-service' unit 'SystemCallFilter=@system-service'
	fails_with 'LimitNOFILE=1024:4096' unit 'LimitNOFILE=1024:4096'
	fails_with 'Documentation=README' unit '[Unit]' 'Documentation=README'
}

@test "later specifiers are found" {
	local letter
	for letter in a A B C d D E g G j J l L M o S V w W y Y q; do
		fails_with "one.service:6: %$letter: 219 has no such specifier" unit "Environment=X=%$letter"
	done
	fails_with '%: 219 has no such specifier' unit 'Environment=X=100%'
	fails_with '%E: 219' unit 'Environment=X=%%%n%E'
}

@test "later sections, and malformed lines, are found" {
	fails_with '\[Scope\]: 219 does not know' unit '[Scope]'
	fails_with 'one.service:6: not a KEY=VALUE line' unit 'nonsense'
	fails_with 'before the first section' whole_unit one.service $'Type=oneshot\n[Service]\nExecStart=/bin/true\n'
	fails_with 'continued by nothing' unit 'Environment=A=1 \'
	fails_with 'has 0 ExecStart=' whole_unit one.service $'[Service]\nType=oneshot\n'
	fails_with 'has 2 ExecStart=' whole_unit one.service $'[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n'
}

@test "a directive after a comment or a continued line is found, with the line where it begins" {
	fails_with 'one.service:8: Service.StateDirectory' unit '# StateDirectory=x' '; DynamicUser=yes' 'StateDirectory=a \' ' b'
	fails_with 'one.service:6: %E' unit 'Environment=A=1 \' ' B=%E'
}

@test "comments that 219 would join with other lines are found" {
	fails_with 'one.service:7: a comment in a continued line' unit 'Environment=A=1 \' '# a comment' ' B=2'
	fails_with 'one.service:6: a comment that ends in a backslash' unit '# a comment \' 'Environment=A=1'
}

@test "presets only enable and disable, and sort before the one that disables everything" {
	whole_unit 50-x.preset $'# ours\nenable x.service\ndisable y@*.service\n'
	fails_with '50-x.preset:2: a preset line' whole_unit 50-x.preset $'enable x.service\nignore y.service\n'
	fails_with '50-x.preset:1: a preset line' whole_unit 50-x.preset $'enable x@.service a b\n'
	fails_with '99-x.preset: 99-default-disable.preset comes first' whole_unit 99-x.preset $'enable x.service\n'
	fails_with 'comes first' whole_unit x.preset $'enable x.service\n'
}
