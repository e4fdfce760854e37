/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* What a process shows of itself four times a second: that its interrupt thread runs, and which
 * ports it has. A thread of its own, the watch thread, sees to that. */

/** How often a process shows that its interrupt thread runs, in milliseconds. */
#define HEARTBEAT_MS 250

/** A process whose last beat is older than this is hung, in milliseconds. */
#define HEARTBEAT_HUNG_MS 1000

/**
 * Show this process's state from now on. After rte_eal_init(), main thread.
 *
 * @param tick called with each beat in the watch thread; when it returns true, heartbeat_fd()
 *   becomes readable.
 * @return 0 or a negative errno.
 */
int heartbeat_start(bool (*tick)(void));

/**
 * Stop. Before rte_eal_cleanup(), main thread. Does nothing if it was not started.
 *
 * @param forget give back what the heartbeat has of the EAL's memory.
 */
void heartbeat_stop(bool forget);

/** An eventfd(2) for the main thread; -1 before heartbeat_start(). */
int heartbeat_fd(void);

/** Sleep for one beat. Any thread. */
void heartbeat_sleep(void);

/** Is this process unable to hear what its peers ask of it, until it ends? Any thread. */
bool heartbeat_deaf(void);
