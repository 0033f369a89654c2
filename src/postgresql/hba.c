#include "postgresql/hba.h"

size_t hba_targets(const struct hba *hba)
{
	return 1 + hba->networks->count;
}

const char *hba_target(const struct hba *hba, size_t i)
{
	return i ? hba->networks->cidr[i - 1] : hba->self;
}

/* For pg_hba.conf, with " doubled; a keyword loses its meaning. */
static void hba_quote(struct text *ret, const char *value)
{
	text_add(ret, "\"");
	for (; *value; value++) {
		if (*value == '"')
			text_add(ret, "\"");
		text_add_bytes(ret, value, 1);
	}
	text_add(ret, "\"");
}

/* What a rule matches; user NULL is everybody. The method follows. */
static void add_match(struct text *ret, const struct hba *hba, const char *database,
		      const char *user, const char *address)
{
	text_addf(ret, "%-7s %-11s ", hba->tls ? "hostssl" : "host", database);
	if (user)
		hba_quote(ret, user);
	else
		text_add(ret, "all");
	text_addf(ret, " %s ", address);
}

static void add_rule(struct text *ret, const struct hba *hba, const char *database,
		     const char *user, const char *address)
{
	add_match(ret, hba, database, user, address);
	text_addf(ret, "%s\n", hba->method);
}

size_t hba_place(const struct hba_file *file, const struct hba *hba, size_t i)
{
	TEXT_AUTO match = { 0 };

	add_match(&match, hba, "replication", hba->user, hba_target(hba, i));
	return hba_block_of(file, text_str(&match));
}

void hba_keep_places(const struct hba_file *file, const struct hba *hba, size_t *ret_before)
{
	for (size_t i = 0; i < hba_targets(hba); i++)
		ret_before[i] = hba_place(file, hba, i);
}

/* A block of the replication rules whose place this is. */
static void add_replication(struct text *ret, const struct hba *hba, const size_t *before,
			    size_t place)
{
	bool any = false;

	for (size_t i = 0; i < hba_targets(hba); i++) {
		if (before[i] != place)
			continue;
		if (!any)
			text_add(ret, HBA_BEGIN
				 " (from its ini file; \"setup\" writes this block again)\n");
		any = true;
		add_rule(ret, hba, "replication", hba->user, hba_target(hba, i));
	}
	if (any)
		text_add(ret, HBA_END "\n");
}

static void add_last(struct text *ret, const struct hba *hba)
{
	text_add(ret, HBA_BEGIN " (always last: every other rule comes before)\n");
	for (size_t i = 0; i < hba->networks->count; i++)
		add_rule(ret, hba, hba->applications ? "all" : "postgres",
			 hba->applications ? NULL : hba->user, hba->networks->cidr[i]);
	text_add(ret, HBA_END "\n");
}

void hba_merge(const struct hba_file *file, const struct hba *hba, const size_t *before,
	       struct text *ret)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct hba_line *line = &file->lines[i];

		add_replication(ret, hba, before, line->number);
		if (!line->block)
			text_add_bytes(ret, line->s, line->len);
	}
	if (ret->len && ret->s[ret->len - 1] != '\n')
		text_add(ret, "\n");
	/* else our first line would continue that one */
	if (file->dangling)
		text_add(ret, "\n");
	add_replication(ret, hba, before, 0);
	add_last(ret, hba);
}

void hba_describe(const struct hba_file *file, const struct hba *hba,
		  const size_t *before, struct text *ret)
{
	TEXT_AUTO block = { 0 };

	for (size_t i = 0; i < file->count; i++) {
		text_reset(&block);
		add_replication(&block, hba, before, file->lines[i].number);
		if (block.len)
			text_addf(ret, "before line %zu:\n%s", file->lines[i].number,
				  text_str(&block));
	}
	text_add(ret, "at the end:\n");
	add_replication(ret, hba, before, 0);
	add_last(ret, hba);
}
