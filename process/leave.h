/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/** Stop the EAL and leave the group: with the turn if it is free soon, else during an operation of
 * another process. Main thread. */
void leave(void);

/** For struct force_hooks (base/force.h). */
void leave_pass_locks(void);
