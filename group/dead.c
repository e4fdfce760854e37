/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_DEAD
#include "eal/runtime.h"
#include "group/dead.h"
#include "group/events.h"
#include "group/file.h"

void
dead_tell(const struct group_member *member, struct who who)
{
	if (who.pid != 0 &&
		atomic_exchange(&group_shared->died[member_slot(member)], who.pid) != who.pid)
		events_add(who, "died");
}

void
dead_clear_slot(const struct group_member *member)
{
	pid_t pid = atomic_load(&member->pid);

	if (pid == 0)
		return;
	dead_tell(member, member_who(member));
	runtime_remove_dead(group_file_dir(), pid);
}

void
dead_clear(const struct views *views)
{
	struct group_member *member;
	unsigned int i;

	/* If no process has died, do not ask the kernel about each slot: that is slow. */
	for (i = 0; i < views->nb && views->peers[i].state != PEER_GONE; i++)
		;
	if (i == views->nb)
		return;
	MEMBER_FOREACH(member) {
		if (!member_alive(member)) {
			dead_tell(member, member_who(member));
			member_free(member);
		}
	}
	for (; i < views->nb; i++) {
		if (views->peers[i].state == PEER_GONE)
			runtime_remove_dead(group_file_dir(), views->peers[i].who.pid);
	}
}
