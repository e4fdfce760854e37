/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_COUNTERS
#include <stdatomic.h>
#include <string.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "group/members.h"
#include "group/views.h"
#include "traffic/counters.h"

static void
count(_Atomic uint64_t *counter, uint64_t n)
{
	/* Each counter has one writer: no need to lock the bus. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

void
counters_received(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t gaps)
{
	struct port_counters *port = &group_self->counters[id];

	count(&port->rx_packets, packets);
	count(&port->rx_bytes, bytes);
	if (gaps > 0)
		count(&port->gaps, gaps);
}

void
counters_sent(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t drops)
{
	struct port_counters *port = &group_self->counters[id];

	count(&port->tx_packets, packets);
	count(&port->tx_bytes, bytes);
	if (drops > 0)
		count(&port->drops, drops);
}

static void
line_fill(struct counters_line *line, const struct group_member *member, unsigned int id)
{
	const struct port_counters *now = &member->counters[id], *base = &member->counters_base[id];

	line->pid = atomic_load(&member->pid);
	line->rx_packets = atomic_load(&now->rx_packets) - atomic_load(&base->rx_packets);
	line->rx_bytes = atomic_load(&now->rx_bytes) - atomic_load(&base->rx_bytes);
	line->tx_packets = atomic_load(&now->tx_packets) - atomic_load(&base->tx_packets);
	line->tx_bytes = atomic_load(&now->tx_bytes) - atomic_load(&base->tx_bytes);
	line->drops = atomic_load(&now->drops) - atomic_load(&base->drops);
	line->gaps = atomic_load(&now->gaps) - atomic_load(&base->gaps);
}

void
counters_each(const struct port_set *ports, void (*fn)(const struct counters_line *line))
{
	const struct port_set all = port_set_all();
	const struct group_member *member;
	struct port_device device;
	struct counters_line line;

	PORT_SET_FOREACH(line.id, ports != NULL ? ports : &all) {
		views_device(line.id, &device);
		strlcpy(line.name, device.name[0] == '\0' ? "-" : text_printable(device.name),
			sizeof(line.name));
		MEMBER_FOREACH(member) {
			line_fill(&line, member, line.id);
			if (line.rx_packets != 0 || line.tx_packets != 0 || line.drops != 0)
				fn(&line);
		}
	}
}

void
counters_reset(unsigned int id)
{
	struct group_member *member;

	MEMBER_FOREACH(member) {
		memcpy(&member->counters_base[id], &member->counters[id],
			sizeof(member->counters_base[id]));
	}
}
