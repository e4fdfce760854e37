/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "group/shared.h"

/* The members of a group: the processes of this program, each with a slot in the group's file. Any
 * thread, unless a comment says otherwise. */

/** The slot of this process; NULL outside of a group. */
extern struct group_member *group_self;

/** Number of a slot, from 0 on. */
unsigned int member_slot(const struct group_member *member);

/** The slot with this number, whether it is taken or free. */
struct group_member *member_at(unsigned int slot);

/** The slot with a pid after prev, or the first one if prev is NULL. @return NULL at the end. */
struct group_member *member_next(const struct group_member *prev);

/** For each slot with a pid. Its process may be dead. */
#define MEMBER_FOREACH(member) \
	for ((member) = member_next(NULL); (member) != NULL; (member) = member_next(member))

/** The slot with this pid, NULL if there is none. */
struct group_member *member_find(pid_t pid);

/** Does a living process have this slot? */
bool member_alive(const struct group_member *member);

/** Pid and role of a member. */
struct who member_who(const struct group_member *member);

/** Lock a free slot. Main thread, with the turn. @return NULL if all are taken. */
struct group_member *member_take_slot(void);

/** Zero a slot that this process has locked, enter its pid, and set group_self. Main thread, with
 * the turn. */
void member_claim(struct group_member *member);

/** Enter the role of this process into its slot. Main thread, with the turn. */
void member_set_primary(bool primary);

/** Free the slot of this process; or, with the turn, of a dead process. */
void member_free(struct group_member *member);

/** A process, to name it to people. */
struct who {
	pid_t pid; /* negative if it has none in this pid namespace */
	bool primary;
};

/** "primary" or "secondary" */
static inline const char *
who_role(bool primary)
{
	return primary ? "primary" : "secondary";
}

/** "pid 7545 (secondary)"; lasts as long as the statement that calls who_name(). */
struct who_name {
	char text[48];
};

static inline struct who_name
who_name(struct who who)
{
	struct who_name name;

	if (who.pid < 0)
		snprintf(name.text, sizeof(name.text), "a %s of another pid namespace",
			who_role(who.primary));
	else
		snprintf(name.text, sizeof(name.text), "pid %d (%s)", who.pid,
			who_role(who.primary));
	return name;
}
