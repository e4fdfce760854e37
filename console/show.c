/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/proc.h"
#include "base/text.h"
#include "base/wait.h"
#include "console/input.h"
#include "console/output.h"
#include "console/show.h"
#include "device/device.h"
#include "device/drivers.h"
#include "device/pci.h"
#include "group/compare.h"
#include "group/primary.h"
#include "group/removal.h"
#include "group/turn.h"
#include "group/views.h"
#include "inspect/inspect.h"
#include "operations/lock.h"
#include "operations/taken.h"
#include "operations/which.h"

void
show_list(__rte_unused const char *rest)
{
	struct port_device known;
	struct device_port port;
	unsigned int id;

	/* The names of ports lie in the primary's memory. */
	if (primary_left() != 0) {
		answer_primary_left();
		return;
	}
	output_print("list all etherdev\n");
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		views_device(port.id, &known);
		/* What can be typed is the device's name. Nobody knows it yet if the port has come
		 * without an operation. */
		if (port.name[0] != '\0' && strcmp(known.port, port.name) != 0)
			strlcpy(known.name, port.name, sizeof(known.name));
		output_print("%u\t%s\n", port.id, text_harmless(known.name));
	}
}

static void
peer_print(const struct peer *peer)
{
	char pid[16] = "?", program[32], ports[512] = "";
	unsigned int id;

	if (peer->who.pid >= 0)
		snprintf(pid, sizeof(pid), "%d", peer->who.pid);
	proc_program(peer->who.pid, program, sizeof(program));
	PORT_SET_FOREACH(id, &peer->ports)
		text_add(ports, sizeof(ports), "%s%u", ports[0] == '\0' ? "" : ",", id);
	if (ports[0] == '\0')
		strlcpy(ports, peer->foreign ? "?" : "-", sizeof(ports));
	output_print("%c %-8s %-10s %-16s %-8s %s\n", peer->self ? '*' : ' ', pid,
		who_role(peer->who.primary), program, peers_state_name(peer->state), ports);
}

void
show_peers(__rte_unused const char *rest)
{
	struct views views;
	char text[1024];
	unsigned int i;
	int ret;

	/* With the turn, no operation changes the views. Without it, show them as they are. */
	ret = turn_take("peers", wait_not, text);
	views_take(&views);
	if (ret >= 0)
		turn_release();
	else if (primary_left() == 0)
		output_print("note: an operation is under way: %s\n", text);
	if (removal_text(text, sizeof(text)))
		output_print("note: %s\n", text);
	output_print("  %-8s %-10s %-16s %-8s %s\n", "pid", "role", "program", "state", "ports");
	for (i = 0; i < views.nb; i++)
		peer_print(&views.peers[i]);
	if (primary_left() != 0) {
		answer_primary_left();
		return;
	}
	views_agree(&views, text, sizeof(text));
	output_print("%s\n", text);
}

static void
inspect_print(FILE *out, const struct inspect *inspect)
{
	unsigned int i;

	for (i = 0; i < inspect->nb_fields; i++)
		fprintf(out, "%s: %s\n", inspect->fields[i].key, inspect->fields[i].text);
}

static bool
port_print(FILE *out, unsigned int id, char *why)
{
	pid_t pids[GROUP_MAX_MEMBERS];
	struct inspect inspect;
	unsigned int i, nb;
	char holder[256];

	if (!inspect_port(id, &inspect)) {
		snprintf(why, WHY_SIZE, "no such port; list shows those there are");
		return false;
	}
	inspect_print(out, &inspect);
	nb = inspect_seen_by(id, pids, RTE_DIM(pids));
	fprintf(out, "processes:");
	for (i = 0; i < nb; i++)
		fprintf(out, "%s%d", i == 0 ? " " : ",", pids[i]);
	fprintf(out, "\nlocked: %s\n",
		lock_holder(inspect.name, holder, sizeof(holder)) ? holder : "no");
	return true;
}

/* Print each port of a device, or the device if it has none. @param name receives its name. */
static bool
device_print(FILE *out, const char *text, char *name, char *why)
{
	struct rte_device *dev;
	struct inspect inspect;
	struct port_set ports;
	struct rte_devargs da;
	unsigned int id;

	if (which_device(text, &da, why) < 0)
		return false;
	strlcpy(name, da.name, RTE_DEV_NAME_MAX_LEN);
	dev = device_find(&da);
	if (dev == NULL) {
		which_not_attached(da.name, why);
	} else {
		ports = device_ports(dev);
		if (port_set_is_empty(&ports)) {
			inspect_device(dev, &inspect);
			inspect_print(out, &inspect);
		}
		PORT_SET_FOREACH(id, &ports)
			port_print(out, id, why);
	}
	rte_devargs_reset(&da);
	return dev != NULL;
}

void
show(const char *rest)
{
	char why[WHY_SIZE], name[RTE_DEV_NAME_MAX_LEN] = "", *text = NULL;
	bool found = false, is_port;
	unsigned int id;
	size_t len;
	FILE *out;

	if (!answer_one_device("show", "<device|port>", rest))
		return;
	is_port = which_is_port(rest, &id);
	/* Write to memory first, and print after the turn is released: the reader may be slow, and
	 * the group must not wait for it. */
	out = open_memstream(&text, &len);
	if (out == NULL) {
		snprintf(why, sizeof(why), "%s", strerror(errno));
	} else if (turn_take("show", input_go_on, why) >= 0) {
		found = is_port ? port_print(out, id, why) : device_print(out, rest, name, why);
		turn_release();
	}
	if (out != NULL && fclose(out) == 0)
		output_print("%s", text);
	free(text);
	if (!found)
		output_failure("failed to show %s %s: %s\n", is_port ? "port" : "device",
			name[0] == '\0' ? rest : name, why);
}

void
show_devices(__rte_unused const char *rest)
{
	const struct drivers_virtual *virt = NULL;
	const struct pci_device *pci;
	struct views views;
	char why[WHY_SIZE];
	bool taken;

	if (turn_take("devices", input_go_on, why) < 0) {
		output_failure("failed to look at the devices: %s\n", why);
		return;
	}
	/* Only the first call scans the devices, so the turn can go then. */
	pci = pci_next(NULL);
	turn_release();
	views_take(&views);
	output_print("%-14s %-16s %-16s %s\n", "pci", "kernel driver", "driver", "state");
	for (; pci != NULL; pci = pci_next(pci)) {
		taken = pci->state == PCI_READY &&
			taken_elsewhere(pci->address, &views, why, sizeof(why));
		output_print("%-14s %-16s %-16s %s\n", pci->address,
			pci->kernel_driver[0] == '\0' ? "-" : pci->kernel_driver,
			pci->pmd == NULL ? "-" : pci->pmd,
			taken ? "in use" : pci_state_name(pci->state));
	}
	output_print("%-18s %s\n", "virtual", "parameters");
	while ((virt = drivers_virtual_next(virt)) != NULL)
		output_print(
			"%-18s %s\n", virt->name, virt->params[0] == '\0' ? "-" : virt->params);
}

void
show_left_behind(void)
{
	const struct peer *peer;
	struct views views;
	char text[1024] = "";
	unsigned int i;

	if (!primary_is_self())
		return;
	views_take(&views);
	for (i = 0; i < views.nb; i++) {
		peer = &views.peers[i];
		if (peer->self || peer->state == PEER_GONE)
			continue;
		text_add(text, sizeof(text), peer->who.pid < 0 ? " ?" : " %d", peer->who.pid);
	}
	if (text[0] != '\0')
		output_print("secondaries left without their primary: pid%s; quit them\n", text);
}
