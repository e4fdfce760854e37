/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_BLOCKED
#include <stdio.h>
#include <string.h>

#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "group/members.h"
#include "operations/blocked.h"

void
blocked_publish(void)
{
	struct rte_devargs *da;
	unsigned int nb = 0;

	RTE_EAL_DEVARGS_FOREACH("pci", da)
	{
		if (da->policy == RTE_DEV_BLOCKED && nb < RTE_DIM(group_self->blocked))
			strlcpy(group_self->blocked[nb++], da->name,
				sizeof(group_self->blocked[0]));
	}
}

bool
blocked_anywhere(const char *name, char *text, size_t size)
{
	const struct group_member *member;
	unsigned int i;
	char who[64];

	MEMBER_FOREACH(member)
	{
		for (i = 0; i < RTE_DIM(member->blocked); i++) {
			if (strncmp(member->blocked[i], name, sizeof(member->blocked[i])) != 0 ||
				!member_alive(member))
				continue;
			snprintf(text, size, "%s was started with -b %s; restart it without",
				member == group_self
					? "this process"
					: who_name(member_who(member), who, sizeof(who)),
				name);
			return true;
		}
	}
	return false;
}
