#include "postgresql/hba.h"

#include "postgresql/pgconf.h"

#include <errno.h>
#include <string.h>

#define BEGIN "# BEGIN pgrepl"
#define END   "# END pgrepl"

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

static void add_rule(struct text *ret, const struct hba *hba, bool replication,
		     const char *address)
{
	text_addf(ret, "%-7s %-11s ", hba->tls ? "hostssl" : "host",
		  replication ? "replication" : "all");
	if (replication)
		hba_quote(ret, hba->user);
	else
		text_add(ret, "all");
	text_addf(ret, " %s %s\n", address, hba->method);
}

static void add_block(struct text *ret, const struct hba *hba)
{
	text_add(ret, BEGIN " (from its ini file; \"setup\" writes this block again)\n");
	add_rule(ret, hba, true, "samehost");
	for (size_t i = 0; i < hba->networks->count; i++) {
		add_rule(ret, hba, false, hba->networks->cidr[i]);
		add_rule(ret, hba, true, hba->networks->cidr[i]);
	}
	text_add(ret, END "\n");
}

/* The first line that starts with prefix, leading blanks ignored, or NULL. */
static const char *find_line(const char *content, const char *prefix)
{
	for (; *content; content += pgconf_line_length(content))
		if (text_starts_with(content + strspn(content, " \t"), prefix))
			return content;
	return NULL;
}

int hba_merge(const char *content, const struct hba *hba, struct text *ret)
{
	const char *begin = find_line(content, BEGIN), *rest;

	if (begin) {
		rest = find_line(begin, END);
		if (!rest)
			return -EINVAL;
		rest += pgconf_line_length(rest);
	} else {
		/* host, hostssl, hostnossl, hostgssenc, hostnogssenc */
		begin = find_line(content, "host");
		if (!begin)
			begin = content + strlen(content);
		rest = begin;
	}
	text_add_bytes(ret, content, (size_t)(begin - content));
	if (ret->len && ret->s[ret->len - 1] != '\n')
		text_add(ret, "\n");
	add_block(ret, hba);
	text_add(ret, rest);
	return 0;
}
