/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_COUNTERS
#include <rte_cycles.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "group/members.h"
#include "group/views.h"
#include "traffic/counters.h"

static void
count(unsigned int id, enum counter which, uint64_t n)
{
	atomic_fetch_add_explicit(&group_self->counters[id].n[which], n, memory_order_relaxed);
}

void
counters_received(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t gaps)
{
	count(id, COUNTER_RX_PACKETS, packets);
	count(id, COUNTER_RX_BYTES, bytes);
	if (gaps > 0)
		count(id, COUNTER_GAPS, gaps);
}

void
counters_sent(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t drops)
{
	count(id, COUNTER_TX_PACKETS, packets);
	count(id, COUNTER_TX_BYTES, bytes);
	if (drops > 0)
		count(id, COUNTER_DROPS, drops);
}

void
counters_paused(unsigned int id, uint64_t ticks)
{
	_Atomic uint64_t *longest = &group_self->longest_pause[id];

	if (ticks > atomic_load_explicit(longest, memory_order_relaxed))
		atomic_store_explicit(longest, ticks, memory_order_relaxed);
}

/* What a process has counted since the last reset. Read the base first, because a reset may come in
 * between. So may the next process of the slot, whose counters are 0. */
static uint64_t
count_since_reset(const struct group_member *member, unsigned int id, enum counter which)
{
	uint64_t base = atomic_load(&member->counters_base[id].n[which]);
	uint64_t n = atomic_load(&member->counters[id].n[which]);

	return n > base ? n - base : 0;
}

void
counters_each(const struct port_set *ports, void (*fn)(const struct counters_line *line))
{
	/* The EAL knows no frequency before it has started. */
	const uint64_t ticks_per_us = RTE_MAX(rte_get_tsc_hz() / US_PER_S, UINT64_C(1));
	const struct port_set all = port_set_all();
	const struct group_member *member;
	struct port_device device;
	struct counters_line line;
	unsigned int i;

	PORT_SET_FOREACH(line.id, ports != NULL ? ports : &all) {
		views_device(line.id, &device);
		strlcpy(line.name, device.name[0] == '\0' ? "-" : text_printable(device.name),
			sizeof(line.name));
		MEMBER_FOREACH(member) {
			line.pid = atomic_load(&member->pid);
			for (i = 0; i < NB_COUNTERS; i++)
				line.n[i] = count_since_reset(member, line.id, i);
			line.pause_us = atomic_load(&member->longest_pause[line.id]) / ticks_per_us;
			if (line.n[COUNTER_RX_PACKETS] != 0 || line.n[COUNTER_TX_PACKETS] != 0 ||
				line.n[COUNTER_DROPS] != 0)
				fn(&line);
		}
	}
}

void
counters_reset(unsigned int id)
{
	struct group_member *member;
	unsigned int i;

	MEMBER_FOREACH(member) {
		/* One by one, because memcpy() may tear a counter that its process adds to. */
		for (i = 0; i < NB_COUNTERS; i++)
			atomic_store(&member->counters_base[id].n[i],
				atomic_load(&member->counters[id].n[i]));
		atomic_store(&member->longest_pause[id], 0);
	}
}
