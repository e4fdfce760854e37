/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Events of processes that cannot report them: members that died, are stopped or hung, and foreign
 * processes that come and go. One process of the group, the observer, reports for them: the
 * primary, or the first member if the primary is foreign. */

/** If this process is the observer, tell the group what has changed since the last call. Watch
 * thread. */
void observer_look(void);
