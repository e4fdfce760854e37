/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WATCH_H
#define WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_config.h>

#include "base/clock.h"

/** How often a process shows that its interrupt thread runs, in milliseconds. */
#define WATCH_BEAT_MS 250

/** A process whose last beat is older than this is hung, in milliseconds. */
#define WATCH_HUNG_MS 1000

/**
 * What a process shows of itself to the others, in shared memory. Written by that
 * process alone, whole words at a time, so a reader needs no lock.
 */
struct watch_state {
	/* By the interrupt thread, each beat: when, CLOCK_MONOTONIC in nanoseconds; 0 before the
	 * first. */
	_Atomic uint64_t beat_ns;
	/* By the interrupt thread: the last beat that came WATCH_HUNG_MS or more after the one
	 * before. */
	_Atomic uint64_t late_ns;
	/* Ethernet ports it has, bit n of word n / 64 for port n. By whichever thread an ethdev
	 * event fires in, and by the interrupt thread each beat. */
	_Atomic uint64_t ports[(RTE_MAX_ETHPORTS + 63) / 64];
};

/**
 * Show this process's state from now on, and look each beat whether there is
 * news for it. After rte_eal_init(), main thread.
 *
 * @param news called in a thread of its own; when it says true, watch_news_fd() is readable.
 * @return 0 or a negative errno.
 */
int watch_start(struct watch_state *state, bool (*news)(void));

/**
 * Stop. Before rte_eal_cleanup(), main thread; does nothing if it was not started.
 *
 * @param forget give back what it has of the group's memory.
 */
void watch_stop(bool forget);

/** An eventfd(2) that is readable once there is news, until it is read; -1 before watch_start(). */
int watch_news_fd(void);

/** Is this process unable to hear what its peers ask of it, until it ends? Any thread. */
bool watch_deaf(void);

#endif
