/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_MEMBERS
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "group/file.h"
#include "group/locks.h"
#include "group/members.h"

struct group_member *group_self;

unsigned int
member_slot(const struct group_member *member)
{
	return member - group_shared->members;
}

struct group_member *
member_at(unsigned int slot)
{
	return &group_shared->members[slot];
}

struct group_member *
member_next(const struct group_member *prev)
{
	unsigned int slot = prev == NULL ? 0 : member_slot(prev) + 1;

	for (; slot < GROUP_MAX_MEMBERS; slot++) {
		if (atomic_load(&member_at(slot)->pid) != 0)
			return member_at(slot);
	}
	return NULL;
}

struct group_member *
member_find(pid_t pid)
{
	struct group_member *member;

	MEMBER_FOREACH(member) {
		if (atomic_load(&member->pid) == pid)
			break;
	}
	return member;
}

bool
member_alive(const struct group_member *member)
{
	/* fcntl(2) does not show a process its own locks. */
	return member == group_self || locks_slot_owner(member_slot(member)) != 0;
}

struct who
member_who(const struct group_member *member)
{
	return (struct who){
		.pid = atomic_load(&member->pid), .primary = atomic_load(&member->primary) != 0};
}

struct group_member *
member_take_slot(void)
{
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		if (locks_slot_take(slot))
			return member_at(slot);
	}
	return NULL;
}

void
member_claim(struct group_member *member)
{
	/* Only here are fields of other files written: they are zero when a process starts. */
	memset(member, 0, sizeof(*member));
	group_self = member;
	atomic_store(&member->join, atomic_fetch_add(&group_shared->joins, 1) + 1);
	atomic_store(&member->started, proc_status(getpid()).started);
	atomic_store(&member->pid, getpid());
}

void
member_set_primary(bool primary)
{
	atomic_store(&group_self->primary, primary);
}

void
member_free(struct group_member *member)
{
	atomic_store(&member->join, 0);
	atomic_store(&member->pid, 0);
}
