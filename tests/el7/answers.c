/*
 * answers.c - what the configuration reader gets from a file, secrets included.
 *
 *   answers primary|standby FILE
 *
 * Prints every entry of the file and then every setting, one per line, byte for byte, with bytes
 * other than printable ASCII as \xNN. Errors and the exit code are those of "check-config". It is
 * linked once with the installed iniparser and once with the model of 3.1; the two have to agree.
 */
#include "base/file.h"
#include "base/ini.h"
#include "base/log.h"
#include "settings/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void show(const char *name, const char *value)
{
	printf("%s = ", name);
	if (!value)
		printf("(not set)");
	for (const unsigned char *c = (const unsigned char *)value; c && *c; c++)
		if (*c == '\\' || *c < ' ' || *c > '~')
			printf("\\x%02x", *c);
		else
			putchar(*c);
	putchar('\n');
}

static void show_secret(const char *name, const struct secret *secret)
{
	show(name, secret_is_set(secret) ? secret_reveal(secret) : NULL);
}

static void show_long(const char *name, long value)
{
	printf("%s = %ld\n", name, value);
}

static void show_entries(const struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_entry *entry = &ini->entries[i];
		STRING_AUTO name = text_format("line %d [%s] %s", entry->line,
					       entry->section, entry->key);

		show(name, secret_reveal(&entry->value));
	}
}

static void show_parameters(const char *section, const struct pgconf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		STRING_AUTO name = text_format("%s.%s", section, conf->items[i].name);

		show(name, conf->items[i].value);
	}
}

static void show_tablespaces(const struct tablespace_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		STRING_AUTO name = text_format("tablespace %s", map->pairs[i].from);

		show(name, map->pairs[i].to);
	}
}

static void show_settings(const struct settings *settings)
{
	show("primary_host", settings->primary_host);
	show_long("primary_port", settings->primary_port);
	show("replication_user", settings->replication_user);
	show_secret("replication_password", &settings->replication_password);
	show_long("tls", settings->tls);
	show("data_directory", settings->data_directory);
	show("bin_directory", settings->bin_directory);
	show_long("server_control", settings->server_control);
	show("service", settings->service);
	show("os_user", settings->os_user);
	show_long("start_timeout_ms", settings->start_timeout_ms);
	show_long("existing_data", settings->existing_data);
	show_long("allow_restart", settings->allow_restart);
	show_long("open_firewall", settings->open_firewall);
	for (size_t i = 0; i < settings->standby_networks.count; i++)
		show("standby_networks", settings->standby_networks.cidr[i]);
	show("auth_method", settings->auth_method);
	show_secret("replication_verifier", &settings->replication_verifier);
	show_secret("superuser_password", &settings->superuser_password);
	show_long("synchronous_standbys", settings->synchronous_standbys);
	show("locale", settings->locale);
	show_parameters("primary.settings", &settings->primary_settings);
	show_long("port", settings->port);
	show("application_name", settings->application_name);
	show_long("wait_timeout_ms", settings->wait_timeout_ms);
	show("tls_root_cert", settings->tls_root_cert);
	show_tablespaces(&settings->tablespaces);
	show_parameters("standby.settings", &settings->standby_settings);
}

static int read_entries(struct findings *findings)
{
	FD_AUTO fd = open(findings->path, O_RDONLY | O_CLOEXEC);
	SECRET_AUTO content = { { 0 } };
	struct ini ini = { 0 };

	if (fd < 0 || file_read_fd(fd, INI_FILE_MAX, secret_text(&content)) < 0)
		return 0; /* settings_load has reported why */
	(void)ini_parse(&ini, &content, findings);
	show_entries(&ini);
	ini_free(&ini);
	return findings->count ? -1 : 0;
}

int main(int argc, char **argv)
{
	FINDINGS_AUTO findings = { 0 };
	struct settings settings = { 0 };
	enum settings_role role;

	log_open("answers");
	if (argc != 3) {
		fputs("usage: answers primary|standby FILE\n", stderr);
		return EX_USAGE;
	}
	role = text_equal(argv[1], "standby") ? SETTINGS_STANDBY : SETTINGS_PRIMARY;
	findings.path = argv[2];
	if (read_entries(&findings) == 0 &&
	    settings_load(&settings, role, false, &findings) == 0) {
		show_settings(&settings);
		settings_free(&settings);
	}
	findings_log(&findings);
	return findings_exit_code(&findings);
}
