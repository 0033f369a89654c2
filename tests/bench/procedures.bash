# The ways to a streaming pair that are compared. Each is a function that does everything, from two
# directories that do not exist to a started standby; the caller measures the time.
#
# All run the same programs ($bin) as the same user, listen on loopback only, and sync what they write.
# The guide is followed as it stands: no TLS, no checksums, md5. The fast way by hand and repmgr end up
# with what pgrepl gives: checksums, TLS with their own certificate, SCRAM, the same settings.
#
# The caller has set run (a folder for this run), major, bin, sockets and the two ports.
# shellcheck shell=bash
# shellcheck source=tests/bench/lib.bash
. tests/bench/lib.bash

readonly replication_password='bench 4 replica' superuser_password='bench 4 postgres'

as_superuser() { # SQL...
	local words=() sql
	for sql; do words+=(-c "$sql"); done
	"$bin/psql" -Xq -h "$sockets" -p "$primary_port" -d postgres "${words[@]}"
}

# Where servers listen, the same for every way.
local_settings() { # PORT
	printf "port = %s\nunix_socket_directories = '%s'\nlisten_addresses = '127.0.0.1'\n" "$1" "$sockets"
}

### the guide

# Rows P4-P11 and S2-S6 of the guide's procedure, one by one, with pg_ctl in place of systemctl.
# Its recovery.conf keeps PostgreSQL 12 from starting, so its lines go where 12 expects them.
by_the_guide() {
	local primary=$run/primary standby=$run/standby
	"$bin/initdb" --pgdata="$primary" --auth=ident
	local_settings "$primary_port" >>"$primary/postgresql.conf" # a second server on one host needs it
	mark primary initdb
	"$bin/pg_ctl" start -s -w -D "$primary" -l "$primary.log"
	mark primary start
	as_superuser "ALTER USER $USER WITH PASSWORD '$superuser_password'"
	as_superuser "CREATE ROLE replica LOGIN REPLICATION ENCRYPTED PASSWORD '$replication_password'"
	as_superuser 'SELECT usename FROM pg_user'
	as_superuser 'SELECT rolname FROM pg_roles'
	mark primary roles
	sed -i '/^# IPv4 local connections:/a\
host all all 127.0.0.0/8 md5\
host replication replica 127.0.0.0/8 md5' "$primary/pg_hba.conf"
	cat >>"$primary/postgresql.conf" <<-'CONF'
		max_connections = 100
		wal_level = hot_standby
		synchronous_commit = on
		max_wal_senders = 32
		wal_sender_timeout = 60s
	CONF
	"$bin/pg_ctl" restart -s -w -m fast -D "$primary" -l "$primary.log"
	mark primary restart

	PGPASSWORD=$replication_password "$bin/pg_basebackup" -D "$standby" -h 127.0.0.1 -p "$primary_port" \
		-U replica -X stream -P
	mark standby 'base backup'
	touch "$standby/standby.signal"
	cat >>"$standby/postgresql.conf" <<-CONF
		port = $standby_port
		primary_conninfo = 'host=127.0.0.1 port=$primary_port user=replica password=''$replication_password'''
		recovery_target_timeline = 'latest'
		max_connections = 1000
		hot_standby = on
		max_standby_streaming_delay = 30s
		wal_receiver_status_interval = 1s
		hot_standby_feedback = on
	CONF
	chown -R "$(id -un):$(id -gn)" "$standby"
	mark standby configuration
	"$bin/pg_ctl" start -s -w -D "$standby" -l "$standby.log"
	mark standby start
}

### by hand, as fast as it can durably be done

certificate() { # PGDATA
	(umask 077 && openssl req -new -x509 -nodes -sha256 -days 3650 -newkey ec \
		-pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=localhost \
		-keyout "$1/server.key" -out "$1/server.crt")
}

common_settings() {
	cat <<-CONF
		wal_level = replica
		synchronous_commit = on
		max_wal_senders = 32
		max_replication_slots = 32
		wal_sender_timeout = 60s
		hot_standby = on
		password_encryption = 'scram-sha-256'
		ssl = on
		$(if [ "$major" -ge 13 ]; then echo 'wal_keep_size = 2GB'; else echo 'wal_keep_segments = 128'; fi)
	CONF
}

# A primary that is configured before its first start: the cluster and its configuration are synced
# in one go. USER is the role that may replicate.
fast_primary() { # PGDATA USER [SETTING]
	"$bin/initdb" --pgdata="$1" --encoding=UTF8 --locale=C --lc-ctype=C.UTF-8 --data-checksums \
		--auth-local=peer --auth-host=scram-sha-256 --no-sync
	mark primary initdb
	certificate "$1"
	mark primary certificate
	{
		local_settings "$primary_port"
		common_settings
		printf 'max_connections = 100\n%s\n' "${3:-}"
	} >>"$1/postgresql.conf"
	sed -i "/^# IPv4 local connections:/a\\
hostssl all all 127.0.0.0/8 scram-sha-256\\
hostssl replication $2 127.0.0.0/8 scram-sha-256" "$1/pg_hba.conf"
	"$bin/initdb" --pgdata="$1" --sync-only
	mark primary 'configuration and sync'
	"$bin/pg_ctl" start -s -W -D "$1" -l "$1.log" # pg_ctl itself only checks every 0.1 s
	until is_ready "$1"; do nap 0.005; done
	mark primary start
}

fast_standby_settings() { # PGDATA
	cat >>"$1/postgresql.conf" <<-'CONF'
		max_connections = 1000
		max_standby_streaming_delay = 30s
		wal_receiver_status_interval = 1s
		hot_standby_feedback = on
	CONF
}

passfile() { # PATH USER
	(umask 077 && printf '*:*:*:%s:%s\n' "$2" "$replication_password" >"$1")
}

conninfo() { # PASSFILE USER
	printf 'host=127.0.0.1 port=%s user=%s passfile=%s sslmode=require' "$primary_port" "$2" "$1"
}

by_hand_fast() {
	local primary=$run/primary standby=$run/standby connect
	fast_primary "$primary" replica
	as_superuser "ALTER USER $USER WITH PASSWORD '$superuser_password'" \
		"CREATE ROLE replica LOGIN REPLICATION PASSWORD '$replication_password'"
	mark primary roles

	passfile "$standby.pgpass" replica
	connect=$(conninfo "$standby.pgpass" replica)
	"$bin/pg_basebackup" -D "$standby" -d "$connect" -X stream -c fast --no-sync --no-password
	mark standby 'base backup'
	touch "$standby/standby.signal"
	{
		printf "port = %s\nprimary_conninfo = '%s'\n" "$standby_port" "$connect"
		printf "recovery_target_timeline = 'latest'\n"
	} >>"$standby/postgresql.conf"
	fast_standby_settings "$standby"
	"$bin/initdb" --pgdata="$standby" --sync-only
	mark standby 'configuration and sync'
	"$bin/pg_ctl" start -s -W -D "$standby" -l "$standby.log"
	mark standby start
}

### repmgr

by_repmgr() {
	local primary=$run/primary standby=$run/standby node
	for node in primary standby; do
		cat >"$run/repmgr-$node.conf" <<-CONF
			node_id = $([ $node = primary ] && echo 1 || echo 2)
			node_name = '$node'
			conninfo = 'host=127.0.0.1 port=$([ $node = primary ] && echo "$primary_port" || echo "$standby_port") user=repmgr dbname=repmgr passfile=$run/pgpass sslmode=require connect_timeout=5'
			data_directory = '$run/$node'
			pg_bindir = '$bin'
			passfile = '$run/pgpass'
		CONF
	done
	passfile "$run/pgpass" repmgr
	fast_primary "$primary" repmgr
	# its role is a superuser, as its documentation says
	as_superuser "ALTER USER $USER WITH PASSWORD '$superuser_password'" \
		"CREATE ROLE repmgr LOGIN SUPERUSER REPLICATION PASSWORD '$replication_password'" \
		'CREATE DATABASE repmgr OWNER repmgr'
	mark primary roles
	"$bin/repmgr" -f "$run/repmgr-primary.conf" primary register
	mark primary register

	PGPASSFILE=$run/pgpass "$bin/repmgr" -f "$run/repmgr-standby.conf" -h 127.0.0.1 -p "$primary_port" \
		-U repmgr -d repmgr standby clone --fast-checkpoint
	mark standby 'base backup'
	printf 'port = %s\n' "$standby_port" >>"$standby/postgresql.conf"
	fast_standby_settings "$standby"
	"$bin/pg_ctl" start -s -W -D "$standby" -l "$standby.log"
	mark standby start
}

### pgrepl

write_ini() { # FILE DATA_DIRECTORY
	(umask 077 && cat >"$1") <<-INI
		[common]
		primary_host = 127.0.0.1
		primary_port = $primary_port
		replication_password = "$replication_password"
		server_control = pg_ctl
		bin_directory = $bin
		data_directory = $2
		[primary]
		standby_networks = 127.0.0.0/8
		superuser_password = "$superuser_password"
		[primary.settings]
		listen_addresses = 127.0.0.1
		unix_socket_directories = $sockets
		[standby]
		port = $standby_port
		application_name = standby
		[standby.settings]
		listen_addresses = 127.0.0.1
		unix_socket_directories = $sockets
	INI
}

# Runs one of the two programs and marks each step's line as it appears.
helper() { # ROLE
	local line step
	"$BENCH_PGREPL/pgrepl-$1" --config "$run/$1.ini" setup | while IFS= read -r line; do
		printf '%s\n' "$line"
		step=${line:9:20}
		mark "$1" "${step%"${step##*[! ]}"}"
	done
	return "${PIPESTATUS[0]}"
}

# Both at once, as two hosts that boot together.
by_pgrepl() {
	local standby
	write_ini "$run/primary.ini" "$run/primary"
	write_ini "$run/standby.ini" "$run/standby"
	helper standby >"$run/standby.said" 2>&1 &
	standby=$!
	helper primary
	wait "$standby" || {
		cat "$run/standby.said"
		return 1
	}
}
