/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Four times a second a process shows that its interrupt thread runs, and which ports it has. Its
 * watch thread triggers this. Main thread, unless a comment says otherwise. */

#define HEARTBEAT_MS 250      /* time between two beats */
#define HEARTBEAT_LATE_MS 300 /* a process has missed a beat if its last one is older than this */

/* Files that a process must be able to open: to map a hugepage that another one has taken, it opens
 * the page's file and one of /proc. Without them the EAL goes on as if it had the page. */
#define HEARTBEAT_FILES 3

#define HEARTBEAT_HUNG_MS 1000 /* a process is hung if its last beat is older than this */

/**
 * Start the beats. After rte_eal_init().
 *
 * @param tick called with each beat in the watch thread; returns true to make heartbeat_fd()
 *   readable.
 * @return 0 or a negative errno.
 */
int heartbeat_start(bool (*tick)(void));

/** Stop the beats, if they were started. Before rte_eal_cleanup(). @param forget also free the
 * callbacks in the EAL's shared memory. */
void heartbeat_stop(bool forget);

/** An eventfd(2) that wakes the main thread; -1 before heartbeat_start(). */
int heartbeat_fd(void);

/** Sleep for one beat. Any thread. */
void heartbeat_sleep(void);

/** Has this process lost the EAL's thread that reads its peers' messages? Any thread. */
bool heartbeat_deaf(void);
