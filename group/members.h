/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "group/shared.h"

/* The members of a group: the processes of this program, each with a slot in what the group shares.
 * Any thread, where nothing else is said. */

/** The slot of this process; NULL outside of a group. */
extern struct group_member *group_self;

/** Number of a member's slot. */
unsigned int member_slot(const struct group_member *member);

/** The slot with this number, whether or not it has a process. */
struct group_member *member_at(unsigned int slot);

/** The next slot that has a pid; NULL begins, and is returned at the end. */
struct group_member *member_next(const struct group_member *prev);

/** For each slot that has a pid. The process may have died all the same. */
#define MEMBER_FOREACH(member) \
	for ((member) = member_next(NULL); (member) != NULL; (member) = member_next(member))

/** The slot with this pid, NULL if there is none. */
struct group_member *member_find(pid_t pid);

/** Does a process hold this slot? */
bool member_alive(const struct group_member *member);

/** Pid and role of a member, for people. */
struct who member_who(const struct group_member *member);

/** Lock a slot that no process has. Main thread, with the turn. @return NULL if all are taken. */
struct group_member *member_take_slot(void);

/** Zero a slot that this process has locked and enter this process into it: from then on it is
 * group_self. Main thread, with the turn. */
void member_claim(struct group_member *member);

/** Enter the role of this process. Main thread, with the turn. */
void member_set_primary(bool primary);

/** Free a slot, of this process or of a dead one. With the turn, but for its own. */
void member_free(struct group_member *member);

/* How people are told of a process: its pid and its role. Any thread. */

struct who {
	pid_t pid;
	bool primary;
};

/** "primary" or "secondary" */
static inline const char *
who_role(bool primary)
{
	return primary ? "primary" : "secondary";
}

/** "pid 7545 (secondary)", in text; it lasts as long as the statement. */
struct who_name {
	char text[32];
};

static inline struct who_name
who_name(struct who who)
{
	struct who_name name;

	snprintf(name.text, sizeof(name.text), "pid %d (%s)", who.pid, who_role(who.primary));
	return name;
}
