/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "group/shared.h"

/* The last events of the group, in a ring that all its processes share. Any thread. */

/** How far one reader has come. */
struct ring_cursor {
	uint64_t seen;	  /* the last number taken, or passed over */
	uint64_t waiting; /* the number found unwritten at the last look */
	uint64_t missed;  /* overwritten before they were taken; the reader resets it */
};

/** Add an event. Never waits. */
void ring_put(const struct event *event);

/** Number of the newest event. */
uint64_t ring_newest(void);

/**
 * Take the next event of this kind at most; others are passed over.
 *
 * @return false if there is none.
 */
bool ring_next(enum event_kind kind, struct ring_cursor *cursor, struct event *event);
