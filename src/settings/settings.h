/*
 * settings.h - the values of the ini file, checked and typed.
 *
 * The table in keys.c has everything about each key. pgrepl.ini(5) and SOURCES/pgrepl.ini
 * explain the same keys to the operator.
 */
#pragma once

#include "base/fault.h"
#include "base/network.h"
#include "base/secret.h"
#include "postgresql/pgconf.h"
#include "postgresql/tablespace.h"

enum server_control {
	SERVER_CONTROL_SYSTEMD,
	SERVER_CONTROL_PG_CTL,
};

enum existing_data {
	EXISTING_DATA_REFUSE,
	EXISTING_DATA_MOVE_ASIDE,
};

/* May clients in the networks of the standbys log in to all databases? */
enum application_access {
	APPLICATION_ACCESS_AUTO, /* to a new cluster; to an existing one as before */
	APPLICATION_ACCESS_ON,
	APPLICATION_ACCESS_OFF,
};

enum settings_role {
	SETTINGS_PRIMARY,
	SETTINGS_STANDBY,
};

/* Strings are never NULL; "" means unset. */
struct settings {
	/* [common] */
	char *primary_host;
	long primary_port;
	char *replication_user;
	struct secret replication_password;
	bool tls;
	char *data_directory; /* "": that of the service */
	char *bin_directory;
	long server_control; /* enum server_control */
	char *service;
	char *os_user;
	char *superuser; /* "": named like os_user */
	long start_timeout_ms;
	long existing_data; /* enum existing_data */
	bool allow_restart;
	bool open_firewall;

	/* [primary] */
	struct networks standby_networks;
	char *auth_method;
	long application_access; /* enum application_access */
	struct secret replication_verifier;
	struct secret superuser_password;
	long synchronous_standbys; /* -1: not set */
	char *locale;
	bool create_beside_other_major;
	struct pgconf primary_settings;

	/* [standby] */
	long port; /* of the server on this host, in either role */
	char *application_name;
	long wait_timeout_ms; /* 0: no limit */
	char *tls_root_cert;
	struct tablespace_map tablespaces;
	struct pgconf standby_settings;
};
