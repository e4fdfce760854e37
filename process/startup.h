/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How a process starts. Main thread. */

/**
 * Fill the place of a standard stream that this process was started without, so that no other file
 * takes it. Before anything else.
 *
 * @return 0 or a negative errno.
 */
int startup_streams(void);

/**
 * Join the group and start the EAL; waits for an operation under way, and says so. What would fail,
 * or harm a group that runs, is found before rte_eal_init() is called; a failure of the EAL itself
 * is explained after. Call it once.
 *
 * @param why receives, on failure, one sentence: what is wrong and how to mend it.
 * @return the number of arguments the EAL took, as rte_eal_init(); or a negative errno.
 */
int startup_eal(int argc, char **argv, char *why);
