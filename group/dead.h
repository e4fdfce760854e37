/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "group/views.h"

/* Members that have died: tell the group of it, and clear away what they have left. */

/** Tell the group that the process with this slot has died, once for each death. Any thread. */
void dead_tell(const struct group_member *member);

/** If a dead process has left this slot, which no process holds now, tell the group and remove its
 * files. Main thread, with the turn. */
void dead_clear_slot(const struct group_member *member);

/** Clear away what all dead members have left: their slots, and their sockets, which would make
 * the EAL's next broadcast fail when two of its threads find them at once. Main thread, with the
 * turn. */
void dead_clear(const struct views *views);
