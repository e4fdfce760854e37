/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"

/* Join a group of processes, take part in it, and leave it. Main thread. */

/**
 * Join the group whose runtime directory is dir, or be a group of one if dir is NULL. Call it
 * before rte_eal_init(). On success the turn is held, so that no operation runs beside the EAL's
 * start, until turn_release() or group_leave().
 *
 * @param why receives a sentence on failure.
 * @return 1 if this process is the first of the group, and what the group shares is all zero; 0 if
 *   there are others; or a negative errno.
 */
int group_join(const char *dir, wait_fn wait, char *why);

/**
 * Take part from now on: publish what this process sees, and watch the primary. After
 * rte_eal_init(), with the turn, which stays held.
 *
 * @param sync brings this process in line with the group. Called in the watch thread while another
 *   process that asks for it holds the turn.
 * @param beat called in the watch thread with each beat; it returns true if the main thread should
 *   look at heartbeat_fd().
 * @return 0 or a negative errno.
 */
int group_enter(void (*sync)(void), bool (*beat)(void));

/**
 * Begin to leave: take the turn, so that no operation runs beside rte_eal_cleanup(), and take part
 * no more. Goes on without the turn if wait() gives up.
 *
 * @return whether no process is stopped. To give back a hugepage, the EAL asks every process, and
 *   waits 5 s for a process that is stopped.
 */
bool group_leave_begin(wait_fn wait);

/** Leave the group and release the turn: after group_leave_begin() and rte_eal_cleanup(), or when
 * rte_eal_init() has failed. Does nothing outside of a group. */
void group_leave(void);
