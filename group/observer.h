/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/views.h"

/* Events of processes that cannot report them: members that died, are stopped or hung, and foreign
 * processes that come and go. One process of the group, the observer, reports for them: the
 * primary, or the first member if the primary is foreign. Any process that notices a death reports
 * it too, and clears away what the dead process left. */

/** If this process is the observer, tell the group what has changed since the last call. Watch
 * thread. */
void observer_look(void);

/** If a dead process has left this slot, which no process holds now, tell the group and remove the
 * process's files. Main thread, with the turn. */
void dead_clear_slot(const struct group_member *member);

/** Clear away the slots and the sockets of all dead members. The EAL's next broadcast would fail if
 * two of its threads found such a socket at once. Main thread, with the turn. */
void dead_clear(const struct views *views);
