/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Events of processes that cannot tell of themselves: members that have died, stopped or hung, and
 * foreign processes that come and go. One process of the group tells of them: the primary, or the
 * first member if the primary is foreign. */

/** Tell the group what has changed since the last look, if this process does it. Watch thread. */
void observer_look(void);
