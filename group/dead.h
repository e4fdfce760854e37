/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/views.h"

/* Members that have died: tell the group, and clear away what they have left. Main thread, with the
 * turn, unless a function says otherwise. */

/** If the process that has this slot has died, tell the group; once for each death. Any thread. */
void dead_tell(const struct group_member *member);

/** If a dead process has left this slot, which no process holds now, tell the group and remove the
 * process's files. */
void dead_clear_slot(const struct group_member *member);

/** Clear away the slots and the sockets of all dead members. The EAL's next broadcast would fail if
 * two of its threads found such a socket at once. */
void dead_clear(const struct views *views);
