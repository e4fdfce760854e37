/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_DEAD
#include "eal/runtime.h"
#include "group/dead.h"
#include "group/events.h"
#include "group/file.h"

void
dead_tell(const struct group_member *member)
{
	_Atomic uint64_t *died = &group_shared->died[member_slot(member)];
	uint64_t told = atomic_load(died), join = atomic_load(&member->join);
	struct who who = member_who(member);

	/* If the join changes meanwhile, the process has left in good order, or a new one has
	 * claimed its slot and told of the death. If told changes, another process has told. */
	if (who.pid != 0 && join != 0 && join != told && !member_alive(member) &&
		atomic_load(&member->join) == join &&
		atomic_compare_exchange_strong(died, &told, join))
		events_add(who, "died");
}

void
dead_clear_slot(const struct group_member *member)
{
	pid_t pid = atomic_load(&member->pid);

	if (pid == 0)
		return;
	dead_tell(member);
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
			dead_tell(member);
			member_free(member);
		}
	}
	for (; i < views->nb; i++) {
		if (views->peers[i].state == PEER_GONE)
			runtime_remove_dead(group_file_dir(), views->peers[i].who.pid);
	}
}
