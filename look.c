/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/proc.h"
#include "base/port_set.h"
#include "console.h"
#include "device.h"
#include "drivers.h"
#include "group.h"
#include "inspect.h"
#include "lock.h"
#include "look.h"
#include "base/text.h"
#include "views.h"

static void
primary_left_print(void)
{
	char text[96];

	group_lost_text(text, sizeof(text));
	console_print("%s\n", text);
	console_fail();
}

void
look_list(const char *rest)
{
	struct group_port known;
	struct device_port port;
	unsigned int id;

	RTE_SET_USED(rest);
	/* The names of ports lie in memory that belonged to the primary. */
	if (group_primary_left() != 0) {
		primary_left_print();
		return;
	}
	console_print("list all etherdev\n");
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		group_port_get(port.id, &known);
		console_print("%u\t%s\n", port.id,
			text_harmless(port.name[0] == '\0' ? known.name : port.name));
	}
}

/* One process of the group: marks, pid, role, program, state, ids of its ports. */
static void
peer_print(const struct group_peer *peer)
{
	char program[32], ports[512] = "";
	unsigned int id;

	proc_program(peer->pid, program, sizeof(program));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (port_set_has(&peer->view, id))
			text_add(ports, sizeof(ports), "%s%u", ports[0] == '\0' ? "" : ",", id);
	}
	if (ports[0] == '\0')
		strlcpy(ports, peer->foreign ? "?" : "-", sizeof(ports));
	console_print("%c %-8d %-10s %-16s %-8s %s\n", peer->self ? '*' : ' ', peer->pid,
		group_role_name(peer->primary), program, group_state_name(peer->state), ports);
}

void
look_peers(const char *rest)
{
	struct views views;
	char text[1024];
	unsigned int i;
	int ret;

	RTE_SET_USED(rest);
	/* Between two operations the views are at rest. If one takes too long, they are shown as
	 * they are. */
	ret = group_turn_take("peers", wait_not, text, sizeof(text));
	views_take(&views);
	if (ret >= 0)
		group_turn_release();
	else if (group_primary_left() == 0)
		console_print("note: an operation is under way: %s\n", text);
	console_print("  %-8s %-10s %-16s %-8s %s\n", "pid", "role", "program", "state", "ports");
	for (i = 0; i < views.nb; i++)
		peer_print(&views.peers[i]);
	if (group_primary_left() != 0) {
		primary_left_print();
		return;
	}
	views_agree(&views, text, sizeof(text));
	console_print("%s\n", text);
}

/*
 * What is found out with the turn is printed without it: whoever reads may be slow, and
 * the group is not to wait. So it goes into memory first.
 */
struct page {
	FILE *out;
	char *text;
	size_t len;
};

static int
page_open(struct page *page)
{
	page->text = NULL;
	page->out = open_memstream(&page->text, &page->len);
	return page->out == NULL ? -errno : 0;
}

static void
page_print(struct page *page)
{
	if (fclose(page->out) == 0)
		console_print("%s", page->text);
	free(page->text);
}

static void
inspect_print(FILE *out, const struct inspect *inspect)
{
	unsigned int i;

	for (i = 0; i < inspect->nb_fields; i++)
		fprintf(out, "%s: %s\n", inspect->fields[i].key, inspect->fields[i].text);
}

static bool
port_print(FILE *out, unsigned int id)
{
	pid_t pids[GROUP_MAX_MEMBERS];
	struct inspect inspect;
	unsigned int i, nb;
	char holder[256];

	if (!inspect_port(id, &inspect))
		return false;
	inspect_print(out, &inspect);
	nb = inspect_seen_by(id, pids, RTE_DIM(pids));
	fprintf(out, "processes:");
	for (i = 0; i < nb; i++)
		fprintf(out, "%s%d", i == 0 ? " " : ",", pids[i]);
	fprintf(out, "\nlocked: %s\n",
		lock_holder(inspect.name, holder, sizeof(holder)) ? holder : "no");
	return true;
}

/* A device, which may have several ports, or none. */
static bool
device_print(FILE *out, const char *text, char *why, size_t size)
{
	struct rte_device *dev;
	struct inspect inspect;
	struct port_set ports;
	struct rte_devargs da;
	unsigned int id;

	if (device_split(text, &da, why, size) < 0)
		return false;
	dev = device_find(&da);
	if (dev == NULL) {
		snprintf(why, size, "not attached");
	} else {
		device_ports(dev, &ports, &id);
		if (id == RTE_MAX_ETHPORTS) {
			inspect_device(dev, &inspect);
			inspect_print(out, &inspect);
		}
		for (; id < RTE_MAX_ETHPORTS; id++) {
			if (port_set_has(&ports, id))
				port_print(out, id);
		}
	}
	rte_devargs_reset(&da);
	return dev != NULL;
}

void
look_show(const char *rest)
{
	bool is_port = text_is_digits(rest), found = false;
	struct page page;
	char why[512];
	int ret;

	ret = page_open(&page);
	if (ret < 0)
		snprintf(why, sizeof(why), "%s", strerror(-ret));
	else if (group_turn_take("show", console_wait, why, sizeof(why)) >= 0) {
		if (!is_port)
			found = device_print(page.out, rest, why, sizeof(why));
		else if (strlen(rest) < 10 && port_print(page.out, strtoul(rest, NULL, 10)))
			found = true;
		else
			snprintf(why, sizeof(why), "no such port; list shows those there are");
		group_turn_release();
	}
	if (ret == 0)
		page_print(&page);
	if (found)
		return;
	console_print("failed to show %s %s: %s\n", is_port ? "port" : "device", rest, why);
	console_fail();
}

/* Can it be attached, and if not, what stands in the way? */
static const char *
pci_state(const struct drivers_pci *pci)
{
	if (pci->attached)
		return "attached";
	if (pci->pmd == NULL)
		return "no driver";
	if (pci->usable)
		return "ready";
	return pci->kernel_driver[0] == '\0' ? "unbound" : "kernel";
}

void
look_devices(const char *rest)
{
	const struct drivers_virtual *virt = NULL;
	const struct drivers_pci *pci;
	char why[512];

	RTE_SET_USED(rest);
	if (group_turn_take("devices", console_wait, why, sizeof(why)) < 0) {
		console_print("failed to look at the devices: %s\n", why);
		console_fail();
		return;
	}
	/* The first look is the only one at the devices themselves. */
	pci = drivers_pci_next(NULL);
	group_turn_release();
	console_print("%-14s %-16s %-16s %s\n", "pci", "kernel driver", "driver", "state");
	for (; pci != NULL; pci = drivers_pci_next(pci))
		console_print("%-14s %-16s %-16s %s\n", pci->address,
			pci->kernel_driver[0] == '\0' ? "-" : pci->kernel_driver,
			pci->pmd == NULL ? "-" : pci->pmd, pci_state(pci));
	console_print("%-18s %s\n", "virtual", "parameters");
	while ((virt = drivers_virtual_next(virt)) != NULL)
		console_print(
			"%-18s %s\n", virt->name, virt->params[0] == '\0' ? "-" : virt->params);
}

void
look_leaving(void)
{
	struct group_peer peers[GROUP_MAX_PEERS];
	unsigned int nb, i, left = 0;

	if (!group_is_primary())
		return;
	nb = group_peers(peers, RTE_DIM(peers));
	for (i = 0; i < nb; i++) {
		if (peers[i].self || peers[i].state == GROUP_GONE)
			continue;
		console_print("%s%d",
			left++ == 0 ? "secondaries left without their primary: pid " : " ",
			peers[i].pid);
	}
	if (left > 0)
		console_print("; quit them\n");
}
