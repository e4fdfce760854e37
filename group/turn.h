/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/wait.h"

/* The turn: one process of the group at a time starts, leaves or operates. The lock itself is in
 * group/locks.h; this is the record of who has it and what for. Main thread, where nothing else is
 * said. */

/** Enter a process that starts into the record; it holds the lock since group_file_open(). */
void turn_begin_start(void);

/**
 * Wait for the turn and take it. Nobody waits for it without a primary.
 *
 * @param what for processes that wait meanwhile: "attach net_null0".
 * @param why on failure receives a sentence; when 1 is returned, who died and during what.
 * @return 0; 1 if a holder died before it was done, until turn_dead_done(); or a negative errno:
 *   -EBUSY the holder is stopped, -ECANCELED wait() said to give up, -ENOTCONN the primary has
 *   left.
 */
int turn_take(const char *what, wait_fn wait, char *why);

/** Take the turn to leave, also without a primary, unless this process has it already; goes on
 * without it if wait() gives up. */
void turn_take_to_leave(wait_fn wait);

/** What a dead holder of the turn has left is seen to. Holder of the turn. */
void turn_dead_done(void);

/** Give the turn to the next process. */
void turn_release(void);

/** Number of the operation under way, 0 between turns. Any thread. */
uint64_t turn_operation(void);

/** Pid of the last holder that died before it was done, or else of the holder. Any thread. */
pid_t turn_last_holder(void);
