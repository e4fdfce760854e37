/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/wait.h"

/* The turn: only the process that has it may start, leave or operate. The lock is in group/locks.h;
 * here is the record of which process has it, and for what. Main thread, unless a comment says
 * otherwise. */

/** Enter this process, which starts, into the record. group_file_open() has taken the lock. */
void turn_begin_start(void);

/**
 * Wait for the turn and take it. Fails if the primary has left, also while this process waits.
 *
 * @param what is shown in processes that wait meanwhile: "attach net_null0".
 * @return 0; 1: the turn is taken, but an earlier holder died in its operation; why names it. Every
 *   call returns 1 until turn_dead_done(). Or a negative errno and why: -EBUSY the holder is
 *   stopped, -ECANCELED wait() gave up, -ENOTCONN the primary has left.
 */
int turn_take(const char *what, wait_fn wait, char *why);

/** Before leaving, take the turn if this process does not have it. Needs no primary. If wait()
 * gives up, this process leaves without the turn. */
void turn_take_to_leave(wait_fn wait);

/** This process, which has the turn, has recovered from the dead holder. */
void turn_dead_done(void);

/** Give the turn to the next process. */
void turn_release(void);

/** Number of the operation under way, 0 between turns. Any thread. */
uint64_t turn_operation(void);

/** Pid of the dead holder that nobody has cleaned up after; if there is none, of the present
 * holder. Any thread. */
pid_t turn_last_holder(void);
