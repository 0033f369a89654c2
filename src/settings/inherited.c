#include "settings/inherited.h"

#include "base/file.h"
#include "postgresql/guc.h"

#include <locale.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define KEPT       .rule = INHERITED_KEPT
#define OURS       .rule = INHERITED_OURS
#define TRIED      .rule = INHERITED_TRIED
#define NEUTRALISE .rule = INHERITED_NEUTRALISED
#define REFUSED    .rule = INHERITED_REFUSED
#define NAME(n)    .name = (n)
#define OFF(n)     .neutral = (n)
#define HIDES      .neutral = "off", .why = "a standby would hide damage, and pass it on."

const struct inherited inherited_parameters[] = {
	/* clang-format off */
	/* files and directories; one that is missing mostly keeps the server from starting */
	{ NAME("data_directory"), NEUTRALISE }, /* another cluster would be started */
	{ NAME("config_file"), KEPT },          /* has no effect in a file */
	{ NAME("hba_file"), NEUTRALISE },
	{ NAME("ident_file"), NEUTRALISE },
	{ NAME("external_pid_file"), NEUTRALISE },
	{ NAME("unix_socket_directories"), NEUTRALISE, .unless = UNLESS_WRITABLE_HERE },
	{ NAME("log_directory"), NEUTRALISE, .unless = UNLESS_PATH_INSIDE, OFF("log") },
	{ NAME("log_filename"), NEUTRALISE, .unless = UNLESS_PATH_INSIDE,
	  OFF("postgresql-%Y-%m-%d_%H%M%S.log") },
	{ NAME("stats_temp_directory"), .last = 14, NEUTRALISE, .unless = UNLESS_PATH_INSIDE,
	  OFF("pg_stat_tmp") },
	{ NAME("krb_server_keyfile"), KEPT },     /* read at log-in */
	{ NAME("timezone_abbreviations"), TRIED },
	{ NAME("default_tablespace"), KEPT },     /* a name, the same in the clone */
	{ NAME("temp_tablespaces"), KEPT },
	{ NAME("allow_in_place_tablespaces"), KEPT },

	/* TLS: the certificate is this host's own */
	{ NAME("ssl_cert_file"), OURS },
	{ NAME("ssl_key_file"), OURS },
	{ NAME("ssl_ca_file"), NEUTRALISE, .unless = UNLESS_FILE_INSIDE, OFF("") },
	{ NAME("ssl_crl_file"), NEUTRALISE, .unless = UNLESS_FILE_INSIDE, OFF("") },
	{ NAME("ssl_crl_dir"), .first = 14, NEUTRALISE, .unless = UNLESS_FILE_INSIDE, OFF("") },
	{ NAME("ssl_dh_params_file"), NEUTRALISE, .unless = UNLESS_FILE_INSIDE, OFF("") },
	{ NAME("ssl_passphrase_command"), NEUTRALISE, OFF("") },
	{ NAME("ssl_passphrase_command_supports_reload"), NEUTRALISE, OFF("off") },

	/* code: a library that is missing keeps the server from starting, or all from logging in */
	{ NAME("shared_preload_libraries"), TRIED },
	{ NAME("session_preload_libraries"), TRIED },
	{ NAME("local_preload_libraries"), TRIED },
	{ NAME("dynamic_library_path"), KEPT },
	{ NAME("extension_control_path"), .first = 18, KEPT },
	{ NAME("jit_provider"), KEPT },
	{ NAME("oauth_validator_libraries"), .first = 18, KEPT },

	/* the archive is the primary's: two must not write to it, nor one empty it */
	{ NAME("archive_mode"), NEUTRALISE, OFF("off") },
	{ NAME("archive_command"), NEUTRALISE, OFF("") },
	{ NAME("archive_library"), .first = 15, NEUTRALISE, OFF("") },
	{ NAME("archive_cleanup_command"), NEUTRALISE, OFF("") },
	{ NAME("archive_timeout"), KEPT },
	{ NAME("restore_command"), NEUTRALISE, OFF("") },
	{ NAME("recovery_end_command"), NEUTRALISE, OFF("") },

	/* recovery and replication */
	{ NAME("primary_conninfo"), OURS },
	{ NAME("primary_slot_name"), OURS },
	{ NAME("promote_trigger_file"), .last = 15, OURS },
	/* left over from a recovery, one is in the way of pgrepl.conf, which empties all of them:
	   the server counts an empty one as well ("multiple recovery targets specified") */
	{ NAME("recovery_target"), NEUTRALISE, OFF("") },
	{ NAME("recovery_target_lsn"), NEUTRALISE, OFF("") },
	{ NAME("recovery_target_name"), NEUTRALISE, OFF("") },
	{ NAME("recovery_target_time"), NEUTRALISE, OFF("") },
	{ NAME("recovery_target_xid"), NEUTRALISE, OFF("") },
	{ NAME("recovery_target_timeline"), OURS },
	{ NAME("recovery_target_action"), NEUTRALISE, OFF("pause") },
	{ NAME("recovery_target_inclusive"), NEUTRALISE, OFF("on") },
	{ NAME("recovery_min_apply_delay"), NEUTRALISE, OFF("0") },
	{ NAME("synchronous_standby_names"), OURS },
	{ NAME("synchronized_standby_slots"), .first = 17, NEUTRALISE, OFF("") },
	{ NAME("sync_replication_slots"), .first = 17, NEUTRALISE, OFF("off") },
	{ NAME("hot_standby"), OURS },
	{ NAME("hot_standby_feedback"), OURS },
	{ NAME("max_standby_streaming_delay"), OURS },
	{ NAME("max_standby_archive_delay"), KEPT },
	{ NAME("wal_receiver_status_interval"), OURS },
	{ NAME("wal_receiver_timeout"), KEPT },
	{ NAME("wal_receiver_create_temp_slot"), .first = 13, KEPT },
	{ NAME("wal_retrieve_retry_interval"), KEPT },
	{ NAME("recovery_init_sync_method"), .first = 14, KEPT },
	{ NAME("recovery_prefetch"), .first = 15, KEPT },
	{ NAME("wal_decode_buffer_size"), .first = 15, KEPT },
	{ NAME("log_recovery_conflict_waits"), .first = 14, KEPT },
	{ NAME("trace_recovery_messages"), .last = 16, KEPT },
	{ NAME("max_slot_wal_keep_size"), .first = 13, KEPT },
	{ NAME("idle_replication_slot_timeout"), .first = 18, KEPT },
	{ NAME("summarize_wal"), .first = 17, KEPT },

	/* what hides damage */
	{ NAME("ignore_invalid_pages"), .first = 13, REFUSED, HIDES },
	{ NAME("ignore_system_indexes"), REFUSED, HIDES },
	{ NAME("zero_damaged_pages"), REFUSED, HIDES },

	/* locales: one that is not installed keeps the server from starting */
	{ NAME("lc_messages"), NEUTRALISE, .unless = UNLESS_LOCALE_HERE, OFF("C") },
	{ NAME("lc_monetary"), NEUTRALISE, .unless = UNLESS_LOCALE_HERE, OFF("C") },
	{ NAME("lc_numeric"), NEUTRALISE, .unless = UNLESS_LOCALE_HERE, OFF("C") },
	{ NAME("lc_time"), NEUTRALISE, .unless = UNLESS_LOCALE_HERE, OFF("C") },

	/* what depends on the machine */
	{ NAME("timezone"), TRIED },
	{ NAME("log_timezone"), TRIED },
	{ NAME("huge_pages"), TRIED },
	{ NAME("shared_buffers"), TRIED },
	{ NAME("io_method"), .first = 18, TRIED },
	{ NAME("debug_io_direct"), .first = 16, TRIED },
	/* clang-format on */
};
const size_t inherited_parameters_count = sizeof(inherited_parameters) /
					  sizeof(inherited_parameters[0]);

const struct inherited *inherited_find(const char *name)
{
	for (size_t i = 0; i < inherited_parameters_count; i++)
		if (strcasecmp(inherited_parameters[i].name, name) == 0)
			return &inherited_parameters[i];
	return NULL;
}

static bool locale_is_here(const char *name)
{
	locale_t found = newlocale(LC_ALL_MASK, name, (locale_t)0);

	if (found)
		freelocale(found);
	return found;
}

/* A list, separated by commas; we are the user that the server runs as. */
static bool are_writable(const char *value)
{
	STRING_AUTO list = text_copy(value);
	char *rest = list, *item;
	bool all = *value;

	while (all && (item = strsep(&rest, ",")))
		all = access(text_trim(item), W_OK | X_OK) == 0;
	return all;
}

static bool is_harmless(enum inherited_unless unless, const char *value, const char *directory)
{
	STRING_AUTO path = text_format("%s/%s", directory, value);
	bool inside = *value != '/' && !strstr(value, "..");

	switch (unless) {
	case UNLESS_NOTHING:
		break;
	case UNLESS_PATH_INSIDE:
		return inside;
	case UNLESS_FILE_INSIDE:
		return inside && *value && file_exists(path);
	case UNLESS_LOCALE_HERE:
		return locale_is_here(value);
	case UNLESS_WRITABLE_HERE:
		return are_writable(value);
	}
	return false;
}

static bool is_default(const struct inherited *row, const char *value)
{
	double here, neutral;

	if (!row->neutral)
		return false;
	if (guc_measure(value, guc_switch, 1, &here) &&
	    guc_measure(row->neutral, guc_switch, 1, &neutral))
		return here == neutral;
	return strcasecmp(value, row->neutral) == 0;
}

enum inherited_rule inherited_judge(const struct inherited *row, const char *value,
				    const char *directory)
{
	bool judged = row->rule == INHERITED_NEUTRALISED || row->rule == INHERITED_REFUSED;

	if (judged && (is_default(row, value) || is_harmless(row->unless, value, directory)))
		return INHERITED_KEPT;
	return row->rule;
}
