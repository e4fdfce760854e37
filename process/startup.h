/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"

/* How a process starts. Main thread. */

/** Open each standard stream that this process was started without, so that no other file takes its
 * descriptor, and have none of them block (base/stream.h). Before anything else. @return 0 or a
 * negative errno. */
int startup_streams(void);

/** Call fn with each beat of this process, in the watch thread. Before startup_eal(). */
void startup_on_beat(void (*fn)(void));

/**
 * Join the group and start the EAL, once. Waits if another process has the turn.
 *
 * @param plain_scans do not use eal/vdev_list.h.
 * @param why receives a sentence on failure.
 * @return the number of arguments that the EAL took, like rte_eal_init(); or a negative errno.
 */
int startup_eal(int argc, char **argv, bool plain_scans, wait_fn wait, char *why);
