/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/** Stop the EAL and leave the group: with the turn if it is free soon, else during an operation of
 * another process. Main thread. */
void leave(void);

/** rte_eal_cleanup(), during which a secondary is not ended by force. Main thread. */
void leave_eal(void);

/** For struct force_hooks (base/force.h): the locks of a secondary matter, as long as its primary
 * is there. Also while the EAL starts. */
bool leave_locks_matter(void);
