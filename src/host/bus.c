#include "host/bus.h"

#include "base/spawn.h"
#include "host/service.h"

#include <errno.h>
#include <string.h>

enum { LOOK_TIMEOUT_MS = 30 * 1000, PROPERTIES_MAX = 8 };

/* A letter or digit; the rest of a name is escaped in the path of an object, as is a first digit. */
static bool is_plain(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9' && !first);
}

/* The unit's object. Systemd loads the unit when its object is asked for. */
static char *object_of(const char *unit)
{
	TEXT_AUTO path = { 0 };

	text_add(&path, "/org/freedesktop/systemd1/unit/");
	for (const char *s = unit; *s; s++)
		text_addf(&path, is_plain(*s, s == unit) ? "%c" : "_%02x", (unsigned char)*s);
	return text_copy(text_str(&path));
}

/*
 * Why busctl failed, if that is because of the bus. systemctl does not need it: as root it asks
 * systemd itself. Our unit is ordered after the socket, but a shell may be earlier in a boot.
 */
static void name_missing_bus(struct fault *fault)
{
	FAULT_AUTO none = { 0 };
	struct service_state socket = { .loaded = false };

	if (service_look("dbus.socket", &socket, &none) < 0 || socket.active)
		return;
	fault_clear(fault);
	if (socket.loaded)
		fault_set(fault, FAULT_RETRY,
			  "the system bus is not up: dbus.socket is not active");
	else
		fault_set(fault, FAULT_OPERATOR,
			  "this host has no system bus: dbus.socket is missing or masked");
	fault_hint(fault,
		   "systemd has to be asked over D-Bus: see \"systemctl status dbus.socket\".");
}

int bus_service_get(const char *unit, const char *const *properties, struct text *ret,
		    struct fault *fault)
{
	STRING_AUTO object = object_of(unit);
	const char *argv[5 + PROPERTIES_MAX + 1] = {
		"/usr/bin/busctl",
		"get-property",
		"org.freedesktop.systemd1",
		object,
		"org.freedesktop.systemd1.Service",
	};
	const struct spawn spawn = {
		.argv = argv,
		.timeout_ms = LOOK_TIMEOUT_MS,
		.out = ret,
	};
	int r;

	for (size_t i = 0; i < PROPERTIES_MAX && properties[i]; i++)
		argv[5 + i] = properties[i];
	r = spawn_succeed(&spawn, "busctl",
			  "systemd has to be asked over D-Bus: see \"systemctl status dbus\".",
			  fault);
	if (r < 0)
		name_missing_bus(fault);
	return r;
}

/* What follows a backslash: one of these letters, itself, or three octal digits. */
static int unescape(const char **at, char *ret)
{
	static const char letters[] = "abfnrtv\\\"'", bytes[] = "\a\b\f\n\r\t\v\\\"'";
	const char *s = *at, *letter = *s ? strchr(letters, *s) : NULL;
	int value = 0;

	if (letter) {
		*ret = bytes[letter - letters];
		*at = s + 1;
		return 0;
	}
	for (int i = 0; i < 3; i++, s++) {
		if (*s < '0' || *s > '7')
			return -EINVAL;
		value = value * 8 + (*s - '0');
	}
	if (!value || value > 0xff)
		return -EINVAL;
	*ret = (char)value;
	*at = s;
	return 0;
}

static int quoted_word(const char **at, struct text *ret)
{
	const char *s = *at + 1;

	while (*s && *s != '\n' && *s != '"') {
		char c = *s++;

		if (c == '\\' && unescape(&s, &c) < 0)
			return -EINVAL;
		text_add_bytes(ret, &c, 1);
	}
	if (*s != '"')
		return -EINVAL;
	*at = s + 1;
	return 1;
}

int bus_word(const char **at, struct text *ret)
{
	size_t len;

	/* so that an empty word is a string too */
	text_reset(ret);
	text_add(ret, "");
	*at += strspn(*at, " ");
	if (**at == '"')
		return quoted_word(at, ret);
	len = strcspn(*at, " \n");
	text_add_bytes(ret, *at, len);
	*at += len;
	return len > 0;
}

int bus_skip(const char **at, size_t count)
{
	TEXT_AUTO word = { 0 };

	for (; count; count--)
		if (bus_word(at, &word) != 1)
			return -EINVAL;
	return 0;
}
