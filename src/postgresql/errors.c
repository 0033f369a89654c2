#include "postgresql/errors.h"

#include <string.h>

#define PASSWORD_HINT                                                                    \
	"Check that replication_user and replication_password are the same in the ini files of both hosts, then run setup again."
#define RULE_HINT                                                                        \
	"The primary has no access rule for this host yet: check standby_networks and tls in its ini."
#define METHOD_HINT                                                                      \
	"An access rule of the primary asks the replication role for something other than a password: put a rule with scram-sha-256 for it before that one in pg_hba.conf."
#define LIMIT_HINT                                                                       \
	"Run \"pgrepl-primary setup\" on the primary, which lifts a CONNECTION LIMIT of 0 or 1, or allow the role two connections for each standby (ALTER ROLE)."
#define NOT_A_SERVER_HINT                                                                \
	"Something other than a PostgreSQL server answers there: check primary_host and primary_port."
#define FORBIDDEN_HINT                                                                   \
	"Something on this host forbids it: look at permissions, at SELinux and at rules of the firewall for outgoing connections."
#define TLS_HINT                                                                         \
	"The TLS libraries of the two hosts do not agree: compare the TLS versions and the ssl_ciphers of the primary with what this host supports."

const struct error_rule error_rules[] = {
	/* clang-format off */
	/* --- logins: auth.c, miscinit.c, postinit.c, proc.c --- */
	{ .sqlstate = "28P01", .class = FAULT_OPERATOR, .hint = PASSWORD_HINT },
	{ .sqlstate = "28000", .text = "pg_hba.conf rejects", .class = FAULT_OPERATOR,
	  .hint = "Somebody has decided that: look for a reject rule in pg_hba.conf on the primary." },
	{ .sqlstate = "28000", .text = "valid client certificate", .class = FAULT_OPERATOR,
	  .hint = METHOD_HINT },
	/* the primary may be about to write it */
	{ .sqlstate = "28000", .text = "no pg_hba.conf entry", .class = FAULT_RETRY,
	  .hint = RULE_HINT },
	{ .sqlstate = "28000", .function = "ClientAuthentication", .class = FAULT_RETRY,
	  .hint = RULE_HINT },
	{ .sqlstate = "28000", .function = "auth_failed", .class = FAULT_OPERATOR,
	  .hint = METHOD_HINT },
	/* like a wrong password, which is how most methods report a missing role */
	{ .sqlstate = "28000", .function = "InitializeSessionUserId", .class = FAULT_OPERATOR,
	  .hint = "Run \"pgrepl-primary setup\" on the primary: it creates the role, and lets it log in." },
	{ .sqlstate = "42501", .function = "InitPostgres", .class = FAULT_OPERATOR,
	  .hint = "The role is not allowed to replicate: run \"pgrepl-primary setup\" on the primary." },
	{ .sqlstate = "53300", .function = "InitializeSessionUserId", .class = FAULT_OPERATOR,
	  .hint = LIMIT_HINT },
	{ .sqlstate = "53300", .text = "max_wal_senders (currently 0)", .class = FAULT_OPERATOR,
	  .hint = "The primary is set not to send WAL: run \"pgrepl-primary setup\" there, with allow_restart = on, then setup here again." },
	{ .sqlstate = "53300", .text = "max_wal_senders", .class = FAULT_RETRY,
	  .hint = "All walsenders of the primary are in use: one has to become free, or max_wal_senders to be raised." },
	{ .sqlstate = "57P03", .text = "is not accepting connections", .class = FAULT_OPERATOR,
	  .hint = "Set hot_standby = on on that server: it is a standby itself." },
	{ .sqlstate = "08P01", .text = "unsupported startup parameter", .class = FAULT_OPERATOR,
	  .hint = "A connection pooler answers there: set primary_host and primary_port to those of the server itself." },

	/* --- replication commands: walsender.c, slot.c --- */
	/* 13 has them in ReplicationSlotAcquireInternal */
	{ .sqlstate = "42704", .function = "ReplicationSlotAcquire", .class = FAULT_OPERATOR,
	  .hint = "Create it on the primary with pg_create_physical_replication_slot(), or reset primary_slot_name on this host." },
	{ .sqlstate = "55000", .function = "StartReplication", .class = FAULT_OPERATOR,
	  .hint = "Set primary_slot_name to a physical replication slot of the primary, or reset it." },
	/* it may be that of a connection of our own that the primary still believes in */
	{ .sqlstate = "55006", .function = "ReplicationSlotAcquire", .class = FAULT_RETRY,
	  .hint = "Each standby needs a primary_slot_name of its own." },

	/* --- whole classes of SQLSTATEs --- */
	{ .sqlstate = "08", .class = FAULT_RETRY },    /* connection exceptions */
	{ .sqlstate = "40", .class = FAULT_RETRY },    /* serialization, deadlock */
	{ .sqlstate = "53", .class = FAULT_RETRY },    /* connections, memory, disk, slots */
	{ .sqlstate = "55006", .class = FAULT_RETRY }, /* object in use */
	{ .sqlstate = "55P03", .class = FAULT_RETRY }, /* lock not available */
	/* cancelled, shutting down, crashed, starting up */
	{ .sqlstate = "57", .class = FAULT_RETRY },
	{ .sqlstate = "", .class = FAULT_OPERATOR },

	/* --- names: getaddrinfo(3); first, because these texts contain the name --- */
	{ .text = "Name or service not known", .class = FAULT_RETRY,
	  .hint = "No name server knows primary_host, nor does /etc/hosts: check how it is spelt." },
	{ .text = "No address associated with hostname", .class = FAULT_RETRY,
	  .hint = "The name in primary_host exists, but has no address: check how it is spelt." },
	{ .text = "failure in name resolution", .class = FAULT_RETRY,
	  .hint = "The name servers of this host (/etc/resolv.conf) do not answer." },

	/* --- TLS: fe-secure*.c of libpq, and OpenSSL --- */
	{ .text = "does not support SSL", .class = FAULT_OPERATOR,
	  .hint = "Set tls = off in both ini files, or turn ssl on on the primary." },
	{ .text = "certificate", .class = FAULT_OPERATOR,
	  .hint = "Check tls_root_cert in section [standby], and that the primary's certificate names primary_host; libpq also uses .postgresql/root.crt in the home of the server's user, if there is one." },
	{ .text = "invalid response to SSL negotiation", .class = FAULT_OPERATOR,
	  .hint = NOT_A_SERVER_HINT },
	{ .text = "unencrypted data after SSL response", .class = FAULT_OPERATOR,
	  .hint = NOT_A_SERVER_HINT },
	{ .text = "SSL error: wrong version number", .class = FAULT_OPERATOR,
	  .hint = NOT_A_SERVER_HINT },
	{ .text = "SSL error: unexpected eof", .class = FAULT_RETRY },
	{ .text = "SSL error: ", .class = FAULT_OPERATOR, .hint = TLS_HINT },

	/* --- authentication: fe-connect.c, fe-auth.c, fe-auth-scram.c of libpq --- */
	{ .text = "expected authentication request from server", .class = FAULT_OPERATOR,
	  .hint = NOT_A_SERVER_HINT },
	{ .text = "no password supplied", .class = FAULT_OPERATOR, .hint = PASSWORD_HINT },
	{ .text = "authentication not supported", .class = FAULT_OPERATOR, .hint = METHOD_HINT },
	{ .text = "authentication method", .class = FAULT_OPERATOR, .hint = METHOD_HINT },
	{ .text = "SASL authentication mechanism", .class = FAULT_OPERATOR, .hint = METHOD_HINT },
	{ .text = "server signature", .class = FAULT_OPERATOR,
	  .hint = "The server that answers there does not know the role's password: check primary_host and primary_port." },
	{ .text = "SCRAM message", .class = FAULT_OPERATOR, .hint = NOT_A_SERVER_HINT },
	{ .text = "SCRAM nonce", .class = FAULT_OPERATOR, .hint = NOT_A_SERVER_HINT },
	{ .text = "actual peer user name", .class = FAULT_OPERATOR,
	  .hint = "Another user's process listens on the server's socket: find out why, and stop it." },
	/* as text, from pg_basebackup, which needs two connections at once */
	{ .text = "too many connections for role", .class = FAULT_OPERATOR, .hint = LIMIT_HINT },

	/* --- addresses: connect(2) --- */
	{ .text = "Address family not supported", .class = FAULT_OPERATOR,
	  .hint = "This host cannot use such an address: check primary_host." },
	{ .text = "Invalid argument", .class = FAULT_OPERATOR,
	  .hint = "This host cannot use such an address: check primary_host." },
	{ .text = "Operation not permitted", .class = FAULT_OPERATOR, .hint = FORBIDDEN_HINT },
	{ .text = "Permission denied", .class = FAULT_OPERATOR, .hint = FORBIDDEN_HINT },

	/* refused, unreachable, reset: the network, or a server that is not up */
	{ .text = "", .class = FAULT_RETRY },
	/* clang-format on */
};

const size_t error_rules_count = sizeof(error_rules) / sizeof(error_rules[0]);

static bool fits(const struct error_rule *rule, const char *sqlstate,
		 const char *function, const char *message)
{
	if (!rule->sqlstate)
		return !*sqlstate && strstr(message, rule->text);
	return *sqlstate && text_starts_with(sqlstate, rule->sqlstate) &&
	       (!rule->function || text_starts_with(function, rule->function)) &&
	       (!rule->text || strstr(message, rule->text));
}

const struct error_rule *error_find(const char *sqlstate, const char *function,
				    const char *message)
{
	const struct error_rule *rule = error_rules;

	while (!fits(rule, sqlstate, function, message))
		rule++;
	return rule;
}
