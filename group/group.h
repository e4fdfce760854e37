/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"

/* Join a group of processes, take part in it, and leave it. Main thread. */

/**
 * Join the group whose runtime directory is dir, or be a group of one if dir is NULL. Call it
 * before rte_eal_init(). On success this process has the turn until turn_release() or
 * group_leave(), so that no operation runs while the EAL starts.
 *
 * @return 1 if this process is the first of the group, whose file is all zero then; 0 if there are
 *   others; or a negative errno and why.
 */
int group_join(const char *dir, wait_fn wait, char *why);

/**
 * Take part from now on: publish what this process sees, and watch the primary. After
 * rte_eal_init(), with the turn.
 *
 * @param beat called in the watch thread with each beat; returns true to make heartbeat_fd()
 *   readable.
 * @return 0 or a negative errno.
 */
int group_enter(bool (*beat)(void));

/**
 * Stop taking part, and take the turn, so that no operation runs during rte_eal_cleanup(). Goes on
 * without the turn if wait() gives up.
 *
 * To free a hugepage, the EAL asks every process, with locks held that all need, and waits 5 s for
 * a process that does not answer; or, if that one's socket is full, until it does. So a secondary
 * may clean up only if every process answers. When a primary leaves, the memory ends, and nobody
 * needs the locks; here it removes the sockets of processes that do not answer, so that they are
 * not asked.
 *
 * @return 0 if every process answers; -ENOTCONN if the primary has left; -EDEADLK if this process
 *   itself does not answer; or another negative errno, and why says which process does not.
 */
int group_leave_begin(wait_fn wait, char *why);

/** Leave the group and release the turn. Call it after group_leave_begin() and rte_eal_cleanup(),
 * or when rte_eal_init() has failed. Does nothing outside of a group. */
void group_leave(void);
