#include "prepare.h"

#include "base/file.h"
#include "host/command.h"
#include "host/service.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int prepare_user(const struct settings *settings, struct host *host,
		 struct monitor *monitor, struct fault *fault)
{
	bool root = geteuid() == 0;
	const struct passwd *user;

	if (!root && settings->server_control == SERVER_CONTROL_SYSTEMD) {
		fault_set(fault, FAULT_OPERATOR, "this must be run as root");
		return fault_hint(fault, "Without root only server_control = pg_ctl works.");
	}
	errno = 0;
	user = root ? getpwnam(settings->os_user) : getpwuid(geteuid());
	if (!user || strlen(user->pw_name) >= sizeof(host->user)) {
		fault_set(fault, FAULT_OPERATOR, "there is no user \"%s\"",
			  settings->os_user);
		return fault_hint(fault,
				  "Install postgresql%d-server, which brings it, or set os_user in section [common].",
				  PGMAJOR);
	}
	snprintf(host->user, sizeof(host->user), "%s", user->pw_name);
	snprintf(host->superuser, sizeof(host->superuser), "%s",
		 *settings->superuser ? settings->superuser : host->user);
	if (text_equal(host->superuser, settings->replication_user)) {
		fault_set(fault, FAULT_OPERATOR,
			  "\"%s\" cannot be both the superuser and the replication role",
			  host->superuser);
		return fault_hint(fault,
				  "Choose another replication_user in section [common].");
	}
	if (root && user->pw_uid == 0) {
		fault_set(fault, FAULT_OPERATOR, "os_user cannot be root");
		return fault_hint(fault, "PostgreSQL does not run as root.");
	}
	snprintf(host->home, sizeof(host->home), "%s", user->pw_dir);
	monitor->uid = user->pw_uid;
	monitor->gid = user->pw_gid;
	monitor->user = root ? host->user : NULL;
	host->root_side = root;
	return 0;
}

static const char **directories_of(const struct host *host,
				   const struct tablespace_map *tablespaces)
{
	const char **ret = mem_zalloc((tablespaces->count + 2) * sizeof(*ret));

	ret[0] = host->data_directory;
	for (size_t i = 0; i < tablespaces->count; i++)
		ret[i + 1] = tablespaces->pairs[i].to;
	return ret;
}

/* What systemd will start, which has to be there. */
static int find_service(const struct settings *settings, struct command *ret,
			struct fault *fault)
{
	const char *unit = settings->service;
	struct service_state service = { .loaded = false };

	if (service_look(unit, &service, fault) < 0)
		return -EIO;
	if (service.masked) {
		fault_set(fault, FAULT_OPERATOR, "the service \"%s\" is masked", unit);
		return fault_hint(fault, "Run: systemctl unmask %s", unit);
	}
	if (!service.loaded) {
		fault_set(fault, FAULT_OPERATOR, "there is no service \"%s\"", unit);
		return fault_hint(fault,
				  "Install postgresql%d-server, or set service in section [common].",
				  PGMAJOR);
	}
	if (service.without_pgdata) {
		fault_set(fault, FAULT_OPERATOR, "%s runs without PGDATA", unit);
		return fault_hint(fault,
				  "Remove PGDATA from UnsetEnvironment= with \"systemctl edit %s\".",
				  unit);
	}
	return command_look(unit, ret, fault);
}

/* Another user could not read what the worker makes. */
static int check_user(const struct settings *settings, const char *user, uid_t uid,
		      struct fault *fault)
{
	const struct passwd *entry = getpwnam(user);
	long number = -1;

	if (!*user)
		return 0;
	if (!entry)
		(void)text_to_long(user, 0, INT_MAX, &number);
	if (entry ? entry->pw_uid == uid : number == (long)uid)
		return 0;
	fault_set(fault, FAULT_OPERATOR, "%s runs as user \"%s\", and os_user is \"%s\"",
		  settings->service, user, settings->os_user);
	return fault_hint(fault,
			  "Set os_user to the user of the service, or User= of the service by \"systemctl edit %s\".",
			  settings->service);
}

static int check_directory(const struct settings *settings, const char *of_service,
			   struct fault *fault)
{
	const char *of_ini = settings->data_directory;

	if (!*of_ini || !*of_service || text_equal(of_ini, of_service) ||
	    file_is_same(of_ini, of_service))
		return 0;
	fault_set(fault, FAULT_OPERATOR, "data_directory is \"%s\", and %s uses \"%s\"",
		  of_ini, settings->service, of_service);
	return fault_hint(fault,
			  "Leave data_directory out, or set PGDATA of the service by \"systemctl edit %s\".",
			  settings->service);
}

int prepare_data_directory(const struct settings *settings, struct host *host,
			   const struct monitor *monitor, struct fault *fault)
{
	struct command command = { .user = "" };

	if (settings->server_control == SERVER_CONTROL_SYSTEMD &&
	    (find_service(settings, &command, fault) < 0 ||
	     check_user(settings, command.user, monitor->uid, fault) < 0 ||
	     check_directory(settings, command.data_directory, fault) < 0))
		return -EIO;
	if (settings->server_control == SERVER_CONTROL_SYSTEMD &&
	    !*command.data_directory && !*settings->data_directory) {
		fault_set(fault, FAULT_OPERATOR,
			  "%s has neither PGDATA nor -D, so where its data is cannot be told",
			  settings->service);
		return fault_hint(fault, "Set data_directory in section [common].");
	}
	/* of two names, the server's: SELinux labels and messages go by it */
	if (*command.data_directory)
		host->data_directory = text_copy(command.data_directory);
	else if (*settings->data_directory)
		host->data_directory = text_copy(settings->data_directory);
	else
		host->data_directory = text_format("/var/lib/pgsql/%d/data", PGMAJOR);
	host->directories = directories_of(host, &settings->tablespaces);
	return 0;
}

int prepare_control(const struct settings *settings, struct monitor *monitor,
		    struct fault *fault)
{
	STRING_AUTO own = service_own();
	int r;

	if (!own)
		return 0;
	if (settings->server_control == SERVER_CONTROL_SYSTEMD) {
		r = service_waits_for(settings->service, own, fault);
		monitor->server_waits = r > 0;
		return r < 0 ? r : 0;
	}
	if (!service_ends_with_us(own))
		return 0;
	fault_set(fault, FAULT_OPERATOR,
		  "a server that pg_ctl starts in %s would be killed when setup ends", own);
	return fault_hint(fault,
			  "Set KillMode=process by \"systemctl edit %s\", or let systemd start the server: server_control = systemd.",
			  own);
}

void prepare_free(struct host *host)
{
	text_drop(&host->data_directory);
	free(host->directories);
	host->directories = NULL;
}
