#include "prepare.h"

#include "base/file.h"
#include "host/service.h"

#include <errno.h>
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

int prepare_data_directory(const struct settings *settings, struct host *host,
			   struct fault *fault)
{
	struct service_state service = { .loaded = false };

	if (settings->server_control == SERVER_CONTROL_SYSTEMD) {
		if (service_look(settings->service, &service, fault) < 0)
			return -EIO;
		if (service.masked) {
			fault_set(fault, FAULT_OPERATOR, "the service \"%s\" is masked",
				  settings->service);
			return fault_hint(fault, "Run: systemctl unmask %s",
					  settings->service);
		}
		if (!service.loaded) {
			fault_set(fault, FAULT_OPERATOR, "there is no service \"%s\"",
				  settings->service);
			return fault_hint(fault,
					  "Install postgresql%d-server, or set service in section [common].",
					  PGMAJOR);
		}
		file_tidy_path(service.pgdata);
	}
	if (*settings->data_directory && *service.pgdata &&
	    !text_equal(settings->data_directory, service.pgdata) &&
	    !file_is_same(settings->data_directory, service.pgdata)) {
		fault_set(fault, FAULT_OPERATOR,
			  "data_directory is \"%s\", and %s uses \"%s\"",
			  settings->data_directory, settings->service, service.pgdata);
		return fault_hint(fault,
				  "Leave data_directory out, or set PGDATA of the service by \"systemctl edit %s\".",
				  settings->service);
	}
	/* of two names, the server's: SELinux labels and messages go by it */
	if (*service.pgdata)
		host->data_directory = text_copy(service.pgdata);
	else if (*settings->data_directory)
		host->data_directory = text_copy(settings->data_directory);
	else
		host->data_directory = text_format("/var/lib/pgsql/%d/data", PGMAJOR);
	host->directories = directories_of(host, &settings->tablespaces);
	return 0;
}

void prepare_free(struct host *host)
{
	text_drop(&host->data_directory);
	free(host->directories);
	host->directories = NULL;
}
