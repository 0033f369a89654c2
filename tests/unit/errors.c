/*
 * errors.c - the table of errors: every class of SQLSTATE, what servers and libpq really say, and that
 * no row is hidden by one above it.
 */
#include "unit.h"

#include "base/text.h"
#include "postgresql/errors.h"

#include <ctype.h>
#include <stdlib.h>

/* What was seen, of servers 12 to 15, libpq and pg_basebackup; part of the hint, or NULL for none. */
static const struct sample {
	const char *sqlstate, *function, *text;
	enum fault_class class;
	const char *hint;
} samples[] = {
	/* clang-format off */
	{ "28P01", "auth_failed", "password authentication failed for user \"replica\"", FAULT_OPERATOR, "replication_password" },
	{ "28000", "ClientAuthentication", "pg_hba.conf rejects replication connection for host \"10.0.0.2\", user \"replica\", SSL off", FAULT_OPERATOR, "reject rule" },
	{ "28000", "ClientAuthentication", "connection requires a valid client certificate", FAULT_OPERATOR, "scram-sha-256" },
	{ "28000", "ClientAuthentication", "no pg_hba.conf entry for replication connection from host \"10.0.0.2\", user \"replica\", SSL off", FAULT_RETRY, "standby_networks" },
	{ "28000", "ClientAuthentication", "kein pg_hba.conf-Eintrag", FAULT_RETRY, "standby_networks" },
	{ "28000", "auth_failed", "Ident authentication failed for user \"replica\"", FAULT_OPERATOR, "scram-sha-256" },
	{ "28000", "InitializeSessionUserId", "role \"replica\" does not exist", FAULT_OPERATOR, "pgrepl-primary setup" },
	{ "28000", "InitializeSessionUserId", "role \"replica\" is not permitted to log in", FAULT_OPERATOR, "pgrepl-primary setup" },
	{ "42501", "InitPostgres", "must be superuser or replication role to start walsender", FAULT_OPERATOR, "pgrepl-primary setup" },
	{ "53300", "InitializeSessionUserId", "too many connections for role \"replica\"", FAULT_OPERATOR, "CONNECTION LIMIT" },
	{ "53300", "InitProcess", "number of requested standby connections exceeds max_wal_senders (currently 0)", FAULT_OPERATOR, "allow_restart" },
	{ "53300", "InitProcess", "number of requested standby connections exceeds max_wal_senders (currently 2)", FAULT_RETRY, "walsenders" },
	{ "53300", "InitProcess", "sorry, too many clients already", FAULT_RETRY, NULL },
	{ "57P03", "ProcessStartupPacket", "the database system is starting up", FAULT_RETRY, NULL },
	{ "57P03", "ProcessStartupPacket", "the database system is shutting down", FAULT_RETRY, NULL },
	{ "57P03", "ProcessStartupPacket", "the database system is not yet accepting connections", FAULT_RETRY, NULL },
	{ "57P03", "ProcessStartupPacket", "the database system is not accepting connections", FAULT_OPERATOR, "hot_standby" },
	{ "57014", "ProcessInterrupts", "canceling authentication due to timeout", FAULT_RETRY, NULL },
	{ "57P01", "ProcessInterrupts", "terminating connection due to administrator command", FAULT_RETRY, NULL },
	{ "3D000", "InitPostgres", "database \"postgres\" does not exist", FAULT_OPERATOR, NULL },
	{ "55000", "CheckMyDatabase", "database \"postgres\" is not currently accepting connections", FAULT_OPERATOR, NULL },
	{ "08P01", "", "unsupported startup parameter: replication", FAULT_OPERATOR, "pooler" },
	{ "08P01", "", "server login has been failing, try again later", FAULT_RETRY, NULL },
	{ "42704", "ReplicationSlotAcquire", "replication slot \"nix\" does not exist", FAULT_OPERATOR, "pg_create_physical_replication_slot" },
	{ "42704", "ReplicationSlotAcquireInternal", "replication slot \"nix\" does not exist", FAULT_OPERATOR, "pg_create_physical_replication_slot" },
	{ "55006", "ReplicationSlotAcquire", "replication slot \"s\" is active for PID 10750", FAULT_RETRY, "primary_slot_name" },
	{ "55000", "StartReplication", "cannot use a logical replication slot for physical replication", FAULT_OPERATOR, "physical" },
	{ "55006", "CreateReplicationSlot", "all replication slots are in use", FAULT_RETRY, NULL },
	{ "55P03", "LockAcquire", "canceling statement due to lock timeout", FAULT_RETRY, NULL },
	{ "58P01", "XLogRead", "requested WAL segment 000000010000000000000001 has already been removed", FAULT_OPERATOR, NULL },
	{ "XX000", "StartReplication", "requested starting point 0/9000000 is ahead of the WAL flush position of this server 0/16445E0", FAULT_OPERATOR, NULL },
	{ "", "", "could not translate host name \"certificate.example\" to address: Name or service not known", FAULT_RETRY, "spelt" },
	{ "", "", "could not translate host name \"db\" to address: No address associated with hostname", FAULT_RETRY, "spelt" },
	{ "", "", "could not translate host name \"db\" to address: Temporary failure in name resolution", FAULT_RETRY, "resolv.conf" },
	{ "", "", "server does not support SSL, but SSL was required", FAULT_OPERATOR, "tls = off" },
	{ "", "", "SSL error: certificate verify failed", FAULT_OPERATOR, "tls_root_cert" },
	{ "", "", "root certificate file \"/nowhere\" does not exist", FAULT_OPERATOR, "tls_root_cert" },
	{ "", "", "server certificate for \"a\" does not match host name \"b\"", FAULT_OPERATOR, "tls_root_cert" },
	{ "", "", "received invalid response to SSL negotiation: H", FAULT_OPERATOR, "Something other" },
	{ "", "", "received unencrypted data after SSL response", FAULT_OPERATOR, "Something other" },
	{ "", "", "SSL error: wrong version number", FAULT_OPERATOR, "Something other" },
	{ "", "", "SSL error: unexpected eof while reading", FAULT_RETRY, NULL },
	{ "", "", "SSL SYSCALL error: EOF detected", FAULT_RETRY, NULL },
	{ "", "", "SSL error: tlsv1 alert protocol version", FAULT_OPERATOR, "ssl_ciphers" },
	{ "", "", "expected authentication request from server, but received H", FAULT_OPERATOR, "Something other" },
	{ "", "", "fe_sendauth: no password supplied", FAULT_OPERATOR, "replication_password" },
	{ "", "", "GSSAPI authentication not supported", FAULT_OPERATOR, "scram-sha-256" },
	{ "", "", "authentication method 42 not supported", FAULT_OPERATOR, "scram-sha-256" },
	{ "", "", "none of the server's SASL authentication mechanisms are supported", FAULT_OPERATOR, "scram-sha-256" },
	{ "", "", "incorrect server signature", FAULT_OPERATOR, "does not know" },
	{ "", "", "malformed SCRAM message (attribute expected)", FAULT_OPERATOR, "Something other" },
	{ "", "", "invalid SCRAM response (nonce mismatch): SCRAM nonce", FAULT_OPERATOR, "Something other" },
	{ "", "", "requirepeer specifies \"postgres\", but actual peer user name is \"mallory\"", FAULT_OPERATOR, "Another user" },
	{ "", "", "pg_basebackup: error: FATAL:  too many connections for role \"replica\"", FAULT_OPERATOR, "CONNECTION LIMIT" },
	{ "", "", "Address family not supported by protocol", FAULT_OPERATOR, "primary_host" },
	{ "", "", "Invalid argument", FAULT_OPERATOR, "primary_host" },
	{ "", "", "Operation not permitted", FAULT_OPERATOR, "firewall" },
	{ "", "", "Permission denied", FAULT_OPERATOR, "SELinux" },
	{ "", "", "Connection refused", FAULT_RETRY, NULL },
	{ "", "", "No route to host", FAULT_RETRY, NULL },
	{ "", "", "Network is unreachable", FAULT_RETRY, NULL },
	{ "", "", "Connection reset by peer", FAULT_RETRY, NULL },
	{ "", "", "timeout expired", FAULT_RETRY, NULL },
	{ "", "", "server closed the connection unexpectedly", FAULT_RETRY, NULL },
	/* clang-format on */
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static void every_error_has_its_class_and_hint(void)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		const struct error_rule *rule = error_find(s->sqlstate, s->function, s->text);
		bool right = rule->class == s->class && !s->hint == !rule->hint &&
			     (!s->hint || strstr(rule->hint, s->hint));

		if (!right)
			printf("%s %s %s: class %d, hint: %s\n", s->sqlstate, s->function,
			       s->text, (int)rule->class,
			       rule->hint ? rule->hint : "(none)");
		CHECK(right);
	}
}

/* The classes of Appendix A, from 12 to 18. Those that may pass are marked. */
static void every_class_of_sqlstates_is_decided(void)
{
	static const char classes[] =
		"00 01 02 03 08+ 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34"
		" 38 39 3B 3D 3F 40+ 42 44 53+ 54 55 57+ 58 72 F0 HV P0 XX ";

	for (const char *c = classes; *c; c = strchr(c, ' ') + 1) {
		char sqlstate[] = { c[0], c[1], '9', '9', '9', '\0' };
		enum fault_class class = error_find(sqlstate, "", "")->class;

		if (class != (c[2] == '+' ? FAULT_RETRY : FAULT_OPERATOR))
			printf("class %c%c is decided as %d\n", c[0], c[1], (int)class);
		CHECK(class == (c[2] == '+' ? FAULT_RETRY : FAULT_OPERATOR));
	}
}

static bool is_sentence(const char *s)
{
	size_t len = strlen(s);

	return len > 2 && isupper((unsigned char)s[0]) && s[len - 1] == '.';
}

static bool has_sample(const struct error_rule *rule)
{
	for (size_t i = 0; i < SAMPLES; i++)
		if (error_find(samples[i].sqlstate, samples[i].function, samples[i].text) ==
		    rule)
			return true;
	return false;
}

static void every_row_is_whole_and_can_be_found(void)
{
	/* each stands for a class of SQLSTATEs, which the test above goes through */
	static const char *const broad[] = { "08", "40", "53", "57", "" };

	for (size_t i = 0; i < error_rules_count; i++) {
		const struct error_rule *rule = &error_rules[i];
		bool found = has_sample(rule);

		CHECK(rule->class == FAULT_RETRY || rule->class == FAULT_OPERATOR);
		CHECK(!rule->hint || is_sentence(rule->hint));
		CHECK(rule->sqlstate || (rule->text && !rule->function));
		for (size_t j = 0; j < sizeof(broad) / sizeof(broad[0]); j++)
			found = found ||
				(rule->sqlstate && text_equal(rule->sqlstate, broad[j]));
		if (!found)
			printf("no sample finds row %zu: %s %s\n", i,
			       rule->sqlstate ? rule->sqlstate : "",
			       rule->text ? rule->text : "");
		CHECK(found);
	}
}

int main(void)
{
	every_error_has_its_class_and_hint();
	every_class_of_sqlstates_is_decided();
	every_row_is_whole_and_can_be_found();
	return unit_end();
}
