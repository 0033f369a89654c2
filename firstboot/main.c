/* main.c - the command line that both programs share. */
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/stop.h"
#include "host.h"
#include "monitor.h"
#include "postgresql/clone_mark.h"
#include "prepare.h"
#include "settings/load.h"
#include "status.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef VERSION
#error "VERSION has to be defined"
#endif

enum { TIMEOUT_MS = 10 * 1000, TIMEOUT_MAX_MS = 24 * 3600 * 1000 };

#define STATE_DIRECTORY "/var/lib/pgrepl"

/* The options that only some commands accept: bits, and what getopt_long() returns for each. */
enum {
	OPTION_DRY_RUN = 1 << 8,
	OPTION_JSON = 1 << 9,
	OPTION_TIMEOUT = 1 << 10,
};

struct options {
	const char *config;
	int given; /* of these bits */
	long timeout_ms;
};

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int accepts; /* of these bits */
	/* Runs in the worker; returns an exit code. NULL: reading the ini is all there is. */
	int (*run)(struct host *host, const struct options *options);
};

static int finish(struct fault *fault)
{
	if (fault->class != FAULT_NONE)
		fault_log(fault);
	return fault_exit_code(fault);
}

/* The next run has no use for what a failed one has made so far, except for a complete clone. */
static void clear_staging(struct host *host)
{
	FAULT_AUTO fault = { 0 };

	if (clone_mark_exists(&host->cluster))
		log_info("the clone in \"%s\" is complete: the next setup will go on with it",
			 host->cluster.staging);
	else if (host_look(host, &fault) == 0 && !host_in_place(host) &&
		 !host_half_in_place(host))
		(void)cluster_clear_staging(&host->cluster, &fault);
}

/* A new disk on PGDATA belongs to root: it is handed over before it can be locked. */
static int lock(struct host *host, struct fault *fault)
{
	int r = cluster_lock(&host->cluster, &host->lock, fault);

	if (r != -EACCES || !host->cluster.inside || !host->root_side)
		return r;
	fault_clear(fault);
	r = monitor_ask(host->verbs, VERB_OWN, NULL, fault);
	return r < 0 ? r : cluster_lock(&host->cluster, &host->lock, fault);
}

static int run_setup(struct host *host, const struct options *options)
{
	FAULT_AUTO fault = { 0 };
	int code;

	host->dry_run = options->given & OPTION_DRY_RUN;
	if (host->dry_run)
		return step_dry_run_all(host);
	if (lock(host, &fault) < 0)
		return finish(&fault);
	code = step_run_all(host);
	if (code != EX_OK)
		clear_staging(host);
	cluster_unlock(&host->cluster, &host->lock);
	return code;
}

static int run_verify(struct host *host, const struct options *options)
{
	FAULT_AUTO fault = { 0 };

	(void)host->role->verify(host, options->timeout_ms, &fault);
	return finish(&fault);
}

static int run_status(struct host *host, const struct options *options)
{
	FAULT_AUTO fault = { 0 };

	(void)status_print(host, options->given & OPTION_JSON, &fault);
	return finish(&fault);
}

static const struct command commands[] = {
	{ .name = "setup",
	  .arguments = " [--dry-run]",
	  .help = "set this host up as the ini says, or report what would change",
	  .accepts = OPTION_DRY_RUN,
	  .run = run_setup },
	{ .name = "verify",
	  .arguments = " [--timeout TIME]",
	  .help = "prove that replication works now",
	  .accepts = OPTION_TIMEOUT,
	  .run = run_verify },
	{ .name = "status",
	  .arguments = " [--json]",
	  .help = "report the state of the server",
	  .accepts = OPTION_JSON,
	  .run = run_status },
	{ .name = "check-config", .arguments = "", .help = "check the ini and report its errors" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(void)
{
	printf("Usage: %s [--config FILE] COMMAND\n\n"
	       "Sets this host up as a PostgreSQL streaming %s, as its ini file says.\n\nCommands:\n",
	       program_role.program, program_role.name);
	for (size_t i = 0; i < COMMANDS; i++) {
		STRING_AUTO usage = text_format("%s%s", commands[i].name,
						commands[i].arguments);

		printf("  %-26s %s\n", usage, commands[i].help);
	}
	printf("\nOptions:\n"
	       "  -c, --config FILE          the ini file (default: " SETTINGS_DEFAULT_PATH ")\n"
	       "  -h, --help                 show this help\n"
	       "  -V, --version              show the version\n\n"
	       "Exit codes: 0 success, 75 temporary failure, 78 needs the operator, 64 wrong usage.\n"
	       "See %s(8) and pgrepl.ini(5).\n",
	       program_role.program);
}

static int PRINTF_LIKE(1, 2) usage_error(const char *fmt, ...)
{
	TEXT_AUTO message = { 0 };
	va_list args;

	va_start(args, fmt);
	text_addv(&message, fmt, args);
	va_end(args);
	log_line(LOG_LEVEL_ERROR, "error", text_str(&message));
	log_hint("Try \"%s --help\".", program_role.program);
	return EX_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (text_equal(commands[i].name, name))
			return &commands[i];
	return NULL;
}

struct work {
	struct host host;
	const struct command *command;
	const struct options *options;
};

static int worker(void *arg, int verbs)
{
	struct work *work = arg;
	FAULT_AUTO fault = { 0 };
	int code;

	work->host.verbs = verbs;
	work->host.lock = -1;
	if (host_open(&work->host, &fault) < 0)
		code = finish(&fault);
	else
		code = work->command->run(&work->host, work->options);
	host_close(&work->host);
	fflush(stdout);
	return code;
}

/* So that later boots leave alone a host that has been promoted or retuned since. */
static void mark_done(void)
{
	STRING_AUTO path = text_format(STATE_DIRECTORY "/%s.done", program_role.name);
	FD_AUTO fd = -1;

	(void)mkdir(STATE_DIRECTORY, 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || file_sync_parent(path) < 0) {
		log_warning("could not create \"%s\": %s", path, strerror(errno));
		log_hint("The next boot will run setup again, which will find nothing to do.");
	}
}

static int run_command(const struct command *command, const struct options *options)
{
	FINDINGS_AUTO findings = { .path = options->config };
	FAULT_AUTO fault = { 0 };
	struct work work = { .host.role = &program_role,
			     .command = command,
			     .options = options };
	struct settings *settings = &work.host.settings;
	struct monitor monitor = { .work = worker, .arg = &work };
	bool sets_up = command->run == run_setup && !(options->given & OPTION_DRY_RUN);
	int code;

	if (settings_load(settings, program_role.settings, sets_up, &findings) < 0) {
		findings_log(&findings);
		return findings_exit_code(&findings);
	}
	if (!command->run || command->run == run_setup)
		settings_warn(settings);
	if (!command->run) {
		printf("%s: %s is fine\n", program_role.program, options->config);
		settings_free(settings);
		return EX_OK;
	}
	gethostname(work.host.host_name, sizeof(work.host.host_name) - 1);
	/* a host name can be longer than an application_name */
	snprintf(work.host.application_name, sizeof(work.host.application_name), "%.63s",
		 *settings->application_name ? settings->application_name
					     : work.host.host_name);
	if (prepare_user(settings, &work.host, &monitor, &fault) < 0 ||
	    prepare_data_directory(settings, &work.host, &monitor, &fault) < 0 ||
	    (command->run == run_setup && prepare_control(settings, &monitor, &fault) < 0)) {
		settings_free(settings);
		return finish(&fault);
	}
	monitor.unit = settings->service;
	monitor.data_directory = work.host.data_directory;
	monitor.start_timeout_ms = settings->start_timeout_ms;
	monitor.label_directories = work.host.directories;
	monitor.networks = &settings->standby_networks;
	monitor.port = settings->port;
	code = monitor_run(&monitor);
	if (code == EX_OK && sets_up && settings->server_control == SERVER_CONTROL_SYSTEMD)
		mark_done();
	prepare_free(&work.host);
	settings_free(settings);
	return code;
}

/* Of the caller's environment, only NOTIFY_SOCKET reaches libpq or a program. */
static void clean_environment(void)
{
	const char *given = getenv("NOTIFY_SOCKET");
	STRING_AUTO notify = given ? text_copy(given) : NULL;

	clearenv();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	/* a dead name server delays each attempt by two seconds, not by half a minute */
	setenv("RES_OPTIONS", "timeout:2 attempts:1", 1);
	if (notify)
		setenv("NOTIFY_SOCKET", notify, 1);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .config = SETTINGS_DEFAULT_PATH, .timeout_ms = TIMEOUT_MS };
	const struct command *command;
	int option, code;

	process_hide_memory();
	process_close_inherited();
	log_open(program_role.program);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config = optarg;
			break;
		case 'h':
			print_help();
			return EX_OK;
		case 'V':
			printf("%s " VERSION " (PostgreSQL %d)\n", program_role.program,
			       PGMAJOR);
			return EX_OK;
		case OPTION_TIMEOUT:
			if (text_to_ms(optarg, TIMEOUT_MAX_MS, &options.timeout_ms) < 0)
				return usage_error("invalid value for --timeout: \"%s\" is not a time",
						   optarg);
			/* fall through */
		case OPTION_DRY_RUN:
		case OPTION_JSON:
			options.given |= option;
			break;
		default:
			return usage_error("unknown option or missing value: \"%s\"",
					   argv[optind - 1]);
		}
	}
	if (optind >= argc)
		return usage_error("no command given");
	command = find_command(argv[optind]);
	if (!command)
		return usage_error("unknown command \"%s\"", argv[optind]);
	if (optind + 1 < argc)
		return usage_error("too many arguments: \"%s\"", argv[optind + 1]);
	if (options.given & ~command->accepts)
		return usage_error("\"%s\" does not take that option", command->name);
	/* a reader that goes away makes write(2) fail; it must not kill us */
	(void)signal(SIGPIPE, SIG_IGN);
	clean_environment();
	code = run_command(command, &options);
	if (code != EX_OK)
		stop_end();
	return code;
}
