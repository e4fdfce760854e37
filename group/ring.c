/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_RING
#include <rte_common.h>

#include "base/text.h"
#include "group/file.h"
#include "group/ring.h"

GROUP_MAY_RACE void
ring_put(const struct event *event)
{
	struct event_ring *ring = &group_shared->events;
	uint64_t n = atomic_fetch_add(&ring->nb, 1) + 1;

	atomic_store(&ring->entries[n % GROUP_EVENTS].number, 0);
	atomic_thread_fence(memory_order_seq_cst);
	ring->entries[n % GROUP_EVENTS].event = *event;
	atomic_store(&ring->entries[n % GROUP_EVENTS].number, n);
}

uint64_t
ring_newest(void)
{
	return atomic_load(&group_shared->events.nb);
}

/* Copy number n. @return false if it is not there yet, or not any more. */
GROUP_MAY_RACE static bool
event_copy(uint64_t n, struct event *event)
{
	struct event_ring *ring = &group_shared->events;

	if (atomic_load(&ring->entries[n % GROUP_EVENTS].number) != n)
		return false;
	*event = ring->entries[n % GROUP_EVENTS].event;
	/* Any process can write any bytes there. */
	event->text[sizeof(event->text) - 1] = '\0';
	text_printable(event->text);
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&ring->entries[n % GROUP_EVENTS].number) == n;
}

bool
ring_next(enum event_kind kind, struct ring_cursor *cursor, struct event *event)
{
	uint64_t nb = ring_newest(), n;

	/* Numbers only grow, unless a process writes over them: begin anew then. */
	cursor->seen = RTE_MIN(cursor->seen, nb);
	while (cursor->seen < nb) {
		n = cursor->seen + 1;
		if (nb - n >= GROUP_EVENTS) {
			cursor->missed += nb - GROUP_EVENTS + 1 - n;
			n = nb - GROUP_EVENTS + 1;
		}
		if (event_copy(n, event)) {
			cursor->seen = n;
			if (event->kind <= kind)
				return true;
		} else if (n == nb || cursor->waiting != n) {
			cursor->waiting = n;
			return false;
		} else {
			cursor->seen = n;
		}
	}
	return false;
}
