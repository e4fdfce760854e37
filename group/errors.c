/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_ERRORS
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "eal/log_tap.h"
#include "group/errors.h"
#include "group/file.h"
#include "group/turn.h"

/* Not group_self, which the main thread clears when the process leaves. */
static struct first_error *own;
static _Atomic uint64_t claimed; /* operation whose error is kept, or is being written */

/* Drivers log in the interrupt thread as well, so this neither allocates nor waits. */
static void
error_keep(const char *text, size_t len)
{
	uint64_t op = turn_operation();
	size_t i;

	if (op == 0 || atomic_exchange(&claimed, op) == op)
		return;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	len = RTE_MIN(len, sizeof(own->text) - 1);
	for (i = 0; i < len; i++)
		own->text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
	own->text[len] = '\0';
	own->order = atomic_fetch_add(&group_shared->error_order, 1);
	atomic_store(&own->op, op);
}

int
errors_start(void)
{
	own = &group_self->error;
	return log_tap_start(error_keep);
}

bool
errors_first(struct who *who, char *text, size_t size)
{
	return errors_first_with("", who, text, size);
}

bool
errors_first_with(const char *part, struct who *who, char *text, size_t size)
{
	uint64_t op = turn_operation(), order = UINT64_MAX;
	struct group_member *member;

	MEMBER_FOREACH(member) {
		if (atomic_load(&member->error.op) != op || member->error.order >= order ||
			memmem(member->error.text,
				strnlen(member->error.text, sizeof(member->error.text)), part,
				strlen(part)) == NULL)
			continue;
		order = member->error.order;
		*who = member_who(member);
		snprintf(text, size, "%.*s", (int)sizeof(member->error.text) - 1,
			member->error.text);
		text_printable(text);
	}
	return order != UINT64_MAX;
}
