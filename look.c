/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include <cmdline.h>

#include "console.h"
#include "device.h"
#include "group.h"
#include "look.h"
#include "runtime.h"
#include "text.h"
#include "views.h"

static void
primary_left_print(struct cmdline *cl)
{
	char text[96];

	group_lost_text(text, sizeof(text));
	cmdline_printf(cl, "%s\n", text);
	console_fail();
}

void
look_list(struct cmdline *cl, const char *rest)
{
	struct group_port known;
	struct device_port port;
	unsigned int id;

	RTE_SET_USED(rest);
	/* The names of ports lie in memory that belonged to the primary. */
	if (group_primary_left() != 0) {
		primary_left_print(cl);
		return;
	}
	cmdline_printf(cl, "list all etherdev\n");
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		group_port_get(port.id, &known);
		cmdline_printf(
			cl, "%u\t%s\n", port.id, port.name[0] == '\0' ? known.name : port.name);
	}
}

static const char *
state_name(enum group_state state)
{
	static const char *const names[] = {
		[GROUP_OK] = "ok",
		[GROUP_STOPPED] = "stopped",
		[GROUP_HUNG] = "hung",
		[GROUP_GONE] = "gone",
		[GROUP_FOREIGN] = "foreign",
	};

	return names[state];
}

/* One process of the group: marks, pid, role, program, state, ids of its ports. */
static void
peer_print(struct cmdline *cl, const struct group_peer *peer)
{
	char program[32], ports[512] = "";
	unsigned int id;

	runtime_program(peer->pid, program, sizeof(program));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (view_has(&peer->view, id))
			text_add(ports, sizeof(ports), "%s%u", ports[0] == '\0' ? "" : ",", id);
	}
	if (ports[0] == '\0')
		strlcpy(ports, peer->foreign ? "?" : "-", sizeof(ports));
	cmdline_printf(cl, "%c %-8d %-10s %-16s %-8s %s\n", peer->self ? '*' : ' ', peer->pid,
		peer->primary ? "primary" : "secondary", program, state_name(peer->state), ports);
}

/* peers answers within a second, so it does not wait for long: the first tick is enough. */
static bool
peers_wait(const char *text)
{
	RTE_SET_USED(text);
	return false;
}

void
look_peers(struct cmdline *cl, const char *rest)
{
	struct views views;
	char text[1024];
	unsigned int i;
	int ret;

	RTE_SET_USED(rest);
	/* Between two operations the views are at rest. If one takes too long, they are shown as
	 * they are. */
	ret = group_turn_take("peers", peers_wait, text, sizeof(text));
	views_take(&views);
	if (ret >= 0)
		group_turn_release();
	else if (group_primary_left() == 0)
		cmdline_printf(cl, "note: an operation is under way: %s\n", text);
	cmdline_printf(
		cl, "  %-8s %-10s %-16s %-8s %s\n", "pid", "role", "program", "state", "ports");
	for (i = 0; i < views.nb; i++)
		peer_print(cl, &views.peers[i]);
	if (group_primary_left() != 0) {
		primary_left_print(cl);
		return;
	}
	views_agree(&views, text, sizeof(text));
	cmdline_printf(cl, "%s\n", text);
}
