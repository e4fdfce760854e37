/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_string_fns.h>

#include "group_shared.h"
#include "stats.h"
#include "text.h"

static void
line_fill(struct stats_line *line, const struct polling_member *poll, unsigned int id)
{
	const struct stats_port *now = &poll->stats[id], *base = &poll->base[id];

	line->rx_packets = atomic_load(&now->rx_packets) - atomic_load(&base->rx_packets);
	line->rx_bytes = atomic_load(&now->rx_bytes) - atomic_load(&base->rx_bytes);
	line->tx_packets = atomic_load(&now->tx_packets) - atomic_load(&base->tx_packets);
	line->tx_bytes = atomic_load(&now->tx_bytes) - atomic_load(&base->tx_bytes);
	line->drops = atomic_load(&now->drops) - atomic_load(&base->drops);
	line->gaps = atomic_load(&now->gaps) - atomic_load(&base->gaps);
}

unsigned int
stats_each(const char *name, void (*fn)(void *arg, const struct stats_line *line), void *arg)
{
	struct group_member *member;
	unsigned int id, slot, nb = 0;
	struct group_port port;
	struct stats_line line;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, &port);
		if (name != NULL && strcmp(name, port.name) != 0)
			continue;
		for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
			member = &group_shared->members[slot];
			line_fill(&line, &member->poll, id);
			if (atomic_load(&member->pid) == 0 ||
				(line.rx_packets == 0 && line.tx_packets == 0 && line.drops == 0))
				continue;
			line.id = id;
			line.pid = atomic_load(&member->pid);
			strlcpy(line.name, port.name[0] == '\0' ? "-" : port.name,
				sizeof(line.name));
			text_printable(line.name);
			fn(arg, &line);
			nb++;
		}
	}
	return nb;
}

int
stats_reset(group_wait_fn wait, char *why, size_t size)
{
	struct polling_member *poll;
	unsigned int slot, id;
	int ret;

	ret = group_turn_take("stats reset", wait, why, size);
	if (ret < 0)
		return ret;
	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		poll = &group_shared->members[slot].poll;
		for (id = 0; id < RTE_MAX_ETHPORTS; id++)
			memcpy(&poll->base[id], &poll->stats[id], sizeof(poll->base[id]));
	}
	group_turn_release();
	return 0;
}
