#include "base/findings.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

void findings_clear(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		fault_clear(&findings->items[i].fault);
	free(findings->items);
	findings->items = NULL;
	findings->count = 0;
}

/* Errors without a line come last. */
static bool is_before(int line, int other)
{
	return line && (!other || line < other);
}

struct fault *findings_add(struct findings *findings, int line)
{
	size_t at = findings->count;
	struct finding *items = mem_resize(findings->items, (at + 1) * sizeof(*items));

	while (at && is_before(line, items[at - 1].line))
		at--;
	memmove(items + at + 1, items + at, (findings->count - at) * sizeof(*items));
	items[at] = (struct finding){ .line = line };
	findings->items = items;
	findings->count++;
	return &items[at].fault;
}

void findings_log(const struct findings *findings)
{
	size_t more;

	for (size_t i = 0; i < findings->count && i < FINDINGS_SHOWN; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->line)
			log_error("%s:%d: %s", findings->path, finding->line,
				  text_str(&finding->fault.message));
		else
			log_error("%s", text_str(&finding->fault.message));
		fault_log_more(&finding->fault);
	}
	if (findings->count <= FINDINGS_SHOWN)
		return;
	more = findings->count - FINDINGS_SHOWN;
	log_error("%s: %zu more %s", findings->path, more, more == 1 ? "error" : "errors");
}

int findings_exit_code(const struct findings *findings)
{
	const struct fault *worst = NULL;

	for (size_t i = 0; i < findings->count; i++)
		if (!worst || findings->items[i].fault.class > worst->class)
			worst = &findings->items[i].fault;
	return worst ? fault_exit_code(worst) : EX_OK;
}
