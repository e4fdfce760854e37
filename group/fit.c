/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_FIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "eal/plugins.h"
#include "group/file.h"
#include "group/fit.h"
#include "group/members.h"

#define WHAT_TO_DO "; give it the same drivers (-d), in the same order"

void
fit_publish(void)
{
	plugins_list(group_shared->drivers, sizeof(group_shared->drivers));
}

/* Is the line that begins at name, newline included, in this list? */
static const char *
line_find(const char *list, const char *name)
{
	size_t len = strcspn(name, "\n") + 1;

	while (*list != '\0' && strncmp(list, name, len) != 0)
		list += strcspn(list, "\n") + 1;
	return *list == '\0' ? NULL : list;
}

/* The first line of list that is not in the other one; NULL if there is none. */
static const char *
line_extra(const char *list, const char *other)
{
	for (; *list != '\0'; list += strcspn(list, "\n") + 1) {
		if (line_find(other, list) == NULL)
			return list;
	}
	return NULL;
}

int
fit_check(char *why)
{
	char here[sizeof(group_shared->drivers)], there[sizeof(here)];
	const struct group_member *member;
	const char *line, *a = here, *b = there;
	char who[64];

	MEMBER_FOREACH(member) {
		if (member != group_self && atomic_load(&member->primary) != 0)
			break;
	}
	if (member == NULL)
		return 0;
	snprintf(who, sizeof(who), "%s", who_name(member_who(member)).text);
	plugins_list(here, sizeof(here));
	snprintf(there, sizeof(there), "%.*s", (int)sizeof(there) - 1, group_shared->drivers);
	line = line_extra(here, there);
	if (line != NULL)
		return why_set(why, -EXDEV,
			"this process has the driver %.*s, which %s lacks" WHAT_TO_DO,
			(int)strcspn(line, "\n"), line, who);
	line = line_extra(there, here);
	if (line != NULL)
		return why_set(why, -EXDEV,
			"this process lacks the driver %.*s, which %s has" WHAT_TO_DO,
			(int)strcspn(line, "\n"), line, who);
	while (*a != '\0' && line_find(b, a) == b) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	if (*a == '\0')
		return 0;
	return why_set(why, -EXDEV,
		"this process has loaded the driver %.*s before %.*s, and %s after it" WHAT_TO_DO,
		(int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b, who);
}
