/*
 * keys.c - the table of keys: whether each row is complete.
 *
 *   keys         checks the table
 *   keys list    prints it, one key per line with its default, for scripts/lint
 */
#include "settings/keys.h"
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>

/* No message may show this. */
#define SECRET "hunter-two"

static bool is_name(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	return len && strspn(s, "abcdefghijklmnopqrstuvwxyz_") == len;
}

/* A full sentence that says what to do. */
static bool is_sentence(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	return len > 2 && isupper((unsigned char)s[0]) && s[len - 1] == '.';
}

static void row_is_whole(const struct key *key)
{
	bool choice = key->type == &type_choice || key->type == &type_choice_name;
	bool number = key->type == &type_number || key->type == &type_number_or_none;

	CHECK(text_equal(key->section, "common") || text_equal(key->section, "primary") ||
	      text_equal(key->section, "standby"));
	CHECK(is_name(key->name));
	CHECK(key->type->read != NULL);
	NUMBER(key->size, key->type->size);
	CHECK(key->offset + key->size <= sizeof(struct settings));
	CHECK(choice == (key->choices != NULL));
	CHECK(number == (key->min < key->max) || key->type == &type_time);
	CHECK(key->type != &type_time || key->max > 0);
	CHECK((key->required_by != 0) == is_sentence(key->missing));
	CHECK(!key->required_by || (key->type->is_set && !key->fallback));
	CHECK(!key->or_else || key->required_by);
	/* it is compared as a string */
	CHECK(!key->created_as || (key->type->init && key->type->size == sizeof(char *)));
	CHECK(key_find(key->section, key->name) == key);
}

/* Names are unique in all sections: hints name a key without its section. */
static void pair_is_apart(const struct key *a, const struct key *b)
{
	CHECK(!text_equal(a->name, b->name));
	if (a->offset == b->offset) {
		CHECK(key_twin(a) == b && key_twin(b) == a);
		CHECK(a->type == &type_secret && b->type == &type_secret_file);
		EQUAL(b->section, a->section);
	} else {
		CHECK(a->offset + a->size <= b->offset || b->offset + b->size <= a->offset);
	}
}

static void names_one_key(const struct key *key)
{
	size_t found = 0;

	for (size_t i = 0; i < setting_keys_count; i++)
		found += text_equal(setting_keys[i].name, key->or_else);
	NUMBER(found, 1);
}

static void every_row_is_whole(void)
{
	CHECK(setting_keys_count > 0);
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];
		int before = unit_failures;

		row_is_whole(key);
		if (key->or_else)
			names_one_key(key);
		for (size_t j = i + 1; j < setting_keys_count; j++)
			pair_is_apart(key, &setting_keys[j]);
		if (unit_failures > before)
			printf("in the row of [%s] %s\n", key->section, key->name);
	}
}

/* The defaults of an empty ini, and that all are freed. */
static void a_silent_ini_gives_defaults(void)
{
	struct settings settings = { 0 };
	FAULT_AUTO fault = { 0 };

	NUMBER(keys_init(&settings, &fault), 0);
	EQUAL(text_str(&fault.message), "");
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];

		CHECK(!key->type->is_set ||
		      key_is_set(key, &settings) == (key->fallback != NULL));
	}
	EQUAL(settings.primary_host, "");
	EQUAL(settings.replication_user, "replica");
	NUMBER(settings.primary_port, 5432);
	NUMBER(settings.start_timeout_ms, 300000);
	NUMBER(settings.port, 0);
	CHECK(settings.tls && !settings.allow_restart);
	keys_drop(&settings);
	keys_drop(&settings);
	CHECK(!settings.primary_host && !settings.locale);
}

static void each_role_has_its_sections(void)
{
	const struct key *common = key_find("common", "tls");
	const struct key *primary = key_find("primary", "locale");

	CHECK(key_is_for(common, SETTINGS_PRIMARY) && key_is_for(common, SETTINGS_STANDBY));
	CHECK(key_is_for(primary, SETTINGS_PRIMARY));
	CHECK(!key_is_for(primary, SETTINGS_STANDBY));
	CHECK(!key_find("standby", "locale") && !key_find("common", "no_such_key"));
}

/* A password where none belongs: as the value of each key for a password or its file. */
static void no_secret_is_shown(void)
{
	char too_long[2048];

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	memcpy(too_long, SECRET, strlen(SECRET));
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];
		struct settings settings = { 0 };
		STRING_AUTO value = text_copy(too_long);
		FAULT_AUTO fault = { 0 };

		if (!key->type->secret && key->type != &type_secret_file)
			continue;
		CHECK(key->type->read(key, value, key_field(key, &settings), &fault) < 0);
		CHECK(strstr(text_str(&fault.message), key->name) != NULL);
		CHECK(!strstr(text_str(&fault.message), SECRET));
		CHECK(!strstr(text_str(&fault.detail), SECRET));
		CHECK(!strstr(text_str(&fault.hint), SECRET));
		keys_drop(&settings);
	}
}

static void list(void)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct key *key = &setting_keys[i];

		printf("[%s] %s =%s%s\n", key->section, key->name,
		       key->fallback ? " " : "", key->fallback ? key->fallback : "");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && text_equal(argv[1], "list")) {
		list();
		return fflush(stdout) == 0 ? 0 : 1;
	}
	every_row_is_whole();
	a_silent_ini_gives_defaults();
	each_role_has_its_sections();
	no_secret_is_shown();
	return unit_end();
}
