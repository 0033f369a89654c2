/*
 * words.c - numbers, times, switches, names that are nearly right, and other kinds of text.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/network.h"
#include "base/text.h"
#include "postgresql/replication.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void numbers_are_taken_whole_or_not_at_all(void)
{
	static const char *const none[] = { "",     "-",   "+1",  " 1",  "1 ",  "1x",
					    "0x10", "1.5", "one", "--1", "1e3", "\xd9\xa1" };
	long value = 77;

	NUMBER(text_to_long("0", 0, 10, &value), 0);
	NUMBER(value, 0);
	NUMBER(text_to_long("-7", -10, 10, &value), 0);
	NUMBER(value, -7);
	NUMBER(text_to_long("010", 0, 10, &value), 0);
	NUMBER(value, 10);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		NUMBER(text_to_long(none[i], LONG_MIN, LONG_MAX, &value), -EINVAL);
	NUMBER(text_to_long("11", 0, 10, &value), -ERANGE);
	NUMBER(text_to_long("-1", 0, 10, &value), -ERANGE);
	NUMBER(text_to_long("99999999999999999999", 0, LONG_MAX, &value), -ERANGE);
	NUMBER(text_to_long("-99999999999999999999", LONG_MIN, 0, &value), -ERANGE);
	/* unchanged since the last valid value */
	NUMBER(value, 10);
}

static void times_have_units_as_in_postgresql_conf(void)
{
	static const char *const none[] = { "",     "s",   "1 m", "1m", "5 MIN",
					    "1.5s", "ms1", "1s ", " 1s" };
	long ms = 77;

	NUMBER(text_to_ms("0", 1000, &ms), 0);
	NUMBER(ms, 0);
	NUMBER(text_to_ms("200ms", LONG_MAX, &ms), 0);
	NUMBER(ms, 200);
	NUMBER(text_to_ms("30", LONG_MAX, &ms), 0);
	NUMBER(ms, 30000);
	NUMBER(text_to_ms("30 s", LONG_MAX, &ms), 0);
	NUMBER(ms, 30000);
	NUMBER(text_to_ms("5min", LONG_MAX, &ms), 0);
	NUMBER(ms, 300000);
	NUMBER(text_to_ms("2h", LONG_MAX, &ms), 0);
	NUMBER(ms, 7200000);
	NUMBER(text_to_ms("1d", LONG_MAX, &ms), 0);
	NUMBER(ms, 86400000);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		NUMBER(text_to_ms(none[i], LONG_MAX, &ms), -EINVAL);
	NUMBER(text_to_ms("-1s", LONG_MAX, &ms), -ERANGE);
	NUMBER(text_to_ms("2s", 1999, &ms), -ERANGE);
	/* would overflow in the multiplication */
	NUMBER(text_to_ms("9223372036854775807d", LONG_MAX, &ms), -ERANGE);
	NUMBER(text_to_ms("106751991168d", LONG_MAX, &ms), -ERANGE);
	NUMBER(ms, 86400000);
}

static void switches_have_eight_names(void)
{
	static const char *const on[] = { "on", "ON", "yes", "True", "1" };
	static const char *const off[] = { "off", "No", "FALSE", "0" };
	static const char *const none[] = { "", "o", "onn", "2", "enable", "t", " on" };
	bool value;

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		value = false;
		NUMBER(text_to_bool(on[i], &value), 0);
		CHECK(value);
	}
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		value = true;
		NUMBER(text_to_bool(off[i], &value), 0);
		CHECK(!value);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		NUMBER(text_to_bool(none[i], &value), -EINVAL);
}

static void a_name_that_is_nearly_right_finds_its_neighbour(void)
{
	static const char *const names[] = { "primary_host", "primary_port", "tls",
					     "service" };
	static const size_t count = sizeof(names) / sizeof(names[0]);
	char huge[200];

	EQUAL(text_nearest("primary_hots", names, count), "primary_host");
	EQUAL(text_nearest("primary_prt", names, count), "primary_port");
	EQUAL(text_nearest("host_primary", names, count) ? "one" : "none", "none");
	EQUAL(text_nearest("tsl", names, count), "tls");
	EQUAL(text_nearest("servcie", names, count), "service");
	CHECK(!text_nearest("colour", names, count));
	CHECK(!text_nearest("tls", names, 0));
	/* of two that are equally near, the first; and a name is nearest to itself */
	EQUAL(text_nearest("primary_post", names, count), "primary_host");
	EQUAL(text_nearest("tls", names, count), "tls");
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	CHECK(!text_nearest(huge, names, count));
}

static void texts_grow_and_are_trimmed(void)
{
	TEXT_AUTO text = { 0 };
	STRING_AUTO blanks = text_copy(" \t\r\n a b \n ");
	STRING_AUTO nothing = text_copy(" \t ");

	EQUAL(text_str(&text), "");
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%d,", i);
	NUMBER(text.len, 10 * 2 + 90 * 3 + 900 * 4);
	CHECK(strlen(text_str(&text)) == text.len);
	text_reset(&text);
	EQUAL(text_str(&text), "");
	text_add_bytes(&text, "a\0b", 3);
	NUMBER(text.len, 3);
	EQUAL(text_trim(blanks), "a b");
	EQUAL(text_trim(nothing), "");
}

static void a_text_of_others_is_shown_without_control_characters(void)
{
	char text[] = "a\033[2Jb\tc\r\nd\x7f \xc2\x9b"
		      "5m\xc3\xa9\xc2";

	text_show(text);
	EQUAL(text, "a [2Jb c  d    5m\xc3\xa9\xc2");
}

static void lsns_are_two_hexadecimal_halves(void)
{
	static const char *const none[] = {
		"",     "/",           "0",           "0/",    "/0",    "g/0", "0/0 ",
		" 0/0", "123456789/0", "0/123456789", "0x1/0", "1/2/3", "-1/0"
	};
	uint64_t lsn = 77;
	TEXT_AUTO text = { 0 };

	NUMBER(replication_parse_lsn("0/0", &lsn), 0);
	CHECK(lsn == 0);
	NUMBER(replication_parse_lsn("16/B374D848", &lsn), 0);
	CHECK(lsn == 0x16B374D848ULL);
	NUMBER(replication_parse_lsn("ffffffff/FFFFFFFF", &lsn), 0);
	CHECK(lsn == UINT64_MAX);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		NUMBER(replication_parse_lsn(none[i], &lsn), -EINVAL);
	CHECK(lsn == UINT64_MAX);
	replication_add_lsn(&text, 0x16B374D848ULL);
	EQUAL(text_str(&text), "16/B374D848");
}

static void waiting_grows_with_what_was_waited_and_is_bounded(void)
{
	bool differs = false;
	long first = clock_backoff_ms(0);

	for (int i = 0; i < 1000; i++) {
		long at_first = clock_backoff_ms(0), later = clock_backoff_ms(20000),
		     at_last = clock_backoff_ms(1000LL * 3600 * 24 * 365);

		CHECK(at_first >= 150 && at_first <= 250);
		CHECK(later >= 1500 && later <= 2500);
		CHECK(at_last >= 7500 && at_last <= 12500);
		differs = differs || at_first != first;
	}
	/* eight standbys must not retry in step */
	CHECK(differs);
}

static void deadlines_are_kept(void)
{
	long long before = clock_ms();

	NUMBER(clock_left_ms(-1), -1);
	NUMBER(clock_left_ms(before - 1), 0);
	CHECK(clock_left_ms(before + 60000) > 50000);
	NUMBER(clock_left_ms(before + 1000LL * INT_MAX), INT_MAX);
	NUMBER(clock_sleep_ms(20), 0);
	CHECK(clock_ms() - before >= 20);
}

static void networks_are_in_cidr_form(void)
{
	static const char *const none[] = { "10.0.0.1",      "10.0.0.0/33", "10.0.0/24",
					    "::1",           "::/129",      "10.0.0.0/",
					    "/24",           "10.0.0.0/-1", "host/24",
					    "10.0.0.0/24/8", "300.0.0.0/8", "::g/64",
					    "10.0.0.0/2 4" };
	struct networks networks = { 0 };
	STRING_AUTO wrong = NULL;

	NUMBER(networks_parse(&networks, " 10.0.0.0/24,fd00::/8\t192.168.0.7/32 ,, ::/0 ",
			      &wrong),
	       0);
	NUMBER(networks.count, 4);
	if (networks.count == 4) {
		EQUAL(networks.cidr[0], "10.0.0.0/24");
		EQUAL(networks.cidr[1], "fd00::/8");
		EQUAL(networks.cidr[3], "::/0");
	}
	networks_free(&networks);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct networks out = { 0 };
		STRING_AUTO item = NULL;

		if (networks_parse(&out, none[i], &item) == 0)
			printf("accepted as a network: %s\n", none[i]);
		CHECK(item);
		networks_free(&out);
	}
}

static void hosts_have_the_form_of_a_name_or_an_address(void)
{
	static const char *const hosts[] = {
		"db",           "db.example", "db.example.",
		"10.0.0.1",     "::1",        "fe80::1%eth0",
		"a_b",          "fd00::1",    "::ffff:10.0.0.1",
		"3com.example", "10-0-0-1",   "0.0.0.0"
	};
	static const char *const none[] = { "",
					    "a b",
					    "a,b",
					    "/tmp",
					    "-h",
					    "a'b",
					    "a=b",
					    "[::1]",
					    "db:5433",
					    "10.0.0.1:5433",
					    "[::1]:5433",
					    "db 5433",
					    "10.0.0.1 5433",
					    "10.0.0.1,10.0.0.2",
					    ".",
					    ".db",
					    "db..example",
					    "10.0.0.256",
					    "10.0.0",
					    "5432",
					    "10.0.0.1.5",
					    "1:2:3",
					    "::1::2",
					    "fe80::1%",
					    "db%eth0",
					    "fe80::1%a%b",
					    "fd00:0:0:0:0:0:0:1:5433",
					    "postgresql://db:5433/postgres",
					    "db.example.:5433",
					    "::1%:1" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (!network_is_host(hosts[i]))
			printf("not accepted as a host: %s\n", hosts[i]);
		CHECK(network_is_host(hosts[i]));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (network_is_host(none[i]))
			printf("accepted as a host: %s\n", none[i]);
		CHECK(!network_is_host(none[i]));
	}
	CHECK(!network_is_local("192.0.2.1"));
	CHECK(!network_is_local("2001:db8::1"));
}

/* Packages are built where there may be no network, not even loopback. */
static bool has_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	FD_AUTO fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* no packet is sent, but there has to be a route for it */
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void an_address_of_this_host_is_local(void)
{
	static const char *const own[] = { "127.0.0.1", "127.0.1.1", "127.255.3.4",
					   "0.0.0.0",   "::1",       "::" };

	if (has_loopback())
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			CHECK(network_is_local(own[i]));
	else
		unit_skip("there is no loopback interface");
}

int main(void)
{
	numbers_are_taken_whole_or_not_at_all();
	times_have_units_as_in_postgresql_conf();
	switches_have_eight_names();
	a_name_that_is_nearly_right_finds_its_neighbour();
	texts_grow_and_are_trimmed();
	a_text_of_others_is_shown_without_control_characters();
	lsns_are_two_hexadecimal_halves();
	waiting_grows_with_what_was_waited_and_is_bounded();
	deadlines_are_kept();
	networks_are_in_cidr_form();
	hosts_have_the_form_of_a_name_or_an_address();
	an_address_of_this_host_is_local();
	return unit_end();
}
