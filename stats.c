/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "device.h"
#include "group_shared.h"
#include "stats.h"
#include "base/text.h"
#include "views.h"

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

/*
 * Why no port is meant by a device. The EAL's list of devices is looked at in turn
 * only: another process's operation may be freeing one of them.
 */
static void
no_port_explain(const struct rte_devargs *da, wait_fn wait, char *why, size_t size)
{
	if (group_turn_take("stats", wait, why, size) < 0)
		return;
	snprintf(why, size, "%s", device_find(da) == NULL ? "not attached" : "no ethernet port");
	group_turn_release();
}

int
stats_ports(const char *what, struct port_set *ports, wait_fn wait, char *why, size_t size)
{
	bool is_port = text_is_digits(what), any = false;
	struct rte_devargs da = {0};
	struct group_port port;
	unsigned int id;
	int ret;

	ret = is_port ? 0 : device_split(what, &da, why, size);
	if (ret < 0)
		return ret;
	memset(ports, 0, sizeof(*ports));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, &port);
		if (port.name[0] == '\0')
			continue;
		if (is_port ? strlen(what) < 10 && strtoul(what, NULL, 10) == id
			    : strcmp(da.name, port.name) == 0) {
			port_set_add(ports, id);
			any = true;
		}
	}
	if (!any && is_port)
		snprintf(why, size, "no such port; list shows those there are");
	else if (!any)
		no_port_explain(&da, wait, why, size);
	rte_devargs_reset(&da);
	return any ? 0 : -ENODEV;
}

void
stats_each(const struct port_set *ports, void (*fn)(const struct stats_line *line))
{
	struct group_member *member;
	struct group_port port;
	struct stats_line line;
	unsigned int id, slot;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (ports != NULL && !port_set_has(ports, id))
			continue;
		group_port_get(id, &port);
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
			fn(&line);
		}
	}
}

void
stats_port_begins(unsigned int id)
{
	struct polling_member *poll;
	unsigned int slot;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		poll = &group_shared->members[slot].poll;
		memcpy(&poll->base[id], &poll->stats[id], sizeof(poll->base[id]));
	}
}

int
stats_reset(wait_fn wait, char *why, size_t size)
{
	unsigned int id;
	int ret;

	ret = group_turn_take("stats reset", wait, why, size);
	if (ret < 0)
		return ret;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		stats_port_begins(id);
	group_turn_release();
	return 0;
}
