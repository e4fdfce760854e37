/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_CATALOGUE
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "device/device.h"
#include "eal/port_device.h"
#include "group/compare.h"
#include "group/events.h"
#include "group/file.h"
#include "group/members.h"
#include "group/primary.h"
#include "group/views.h"
#include "operations/catalogue.h"
#include "traffic/counters.h"
#include "traffic/queues.h"

/* @param who made the port come or go. @param name empty if the port has gone. */
static void
port_enter(struct who who, unsigned int id, const char *name, const char *devargs)
{
	struct port_device device = {0}, old;
	struct device_port port;

	views_device(id, &old);
	strlcpy(device.name, name, sizeof(device.name));
	strlcpy(device.devargs, devargs, sizeof(device.devargs));
	if (name[0] != '\0' && device_port_next(id, &port) && port.id == id)
		strlcpy(device.port, port.name, sizeof(device.port));
	group_shared->ports[id] = device;
	if (strcmp(device.name, old.name) == 0)
		return;
	/* The port that was started has gone, and a new one is stopped. */
	started_clear(id);
	if (old.name[0] != '\0')
		events_add(who, "port %u %s has gone", id, old.name);
	if (device.name[0] != '\0') {
		counters_reset(id);
		events_add(who, "port %u %s has come", id, device.name);
	}
}

void
catalogue_enter(const struct port_set *ports, const char *name, const char *devargs)
{
	unsigned int id;

	PORT_SET_FOREACH(id, ports)
		port_enter(primary_who_self(), id, name, devargs);
}

void
catalogue_forget(const struct port_set *ports)
{
	catalogue_enter(ports, "", "");
}

struct port_set
catalogue_ports(const char *name)
{
	struct port_set ports = {0};
	struct port_device device;
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &device);
		if (strcmp(device.name, name) == 0)
			port_set_add(&ports, id);
	}
	return ports;
}

void
catalogue_update(void)
{
	const struct rte_devargs *da;
	const struct rte_device *dev;
	const char *args, *name;
	char text[GROUP_DEVARGS_SIZE];
	struct port_device known;
	struct device_port port;
	unsigned int id;
	int len;

	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		views_device(port.id, &known);
		/* A port without a name has no data, so do not ask ethdev about it. */
		if (port.name[0] == '\0' || strcmp(known.port, port.name) == 0 ||
			(dev = port_device(port.id)) == NULL)
			continue;
		name = rte_dev_name(dev);
		/* Entered by a process that lacks the port. */
		if (known.port[0] == '\0' && strcmp(known.name, name) == 0) {
			port_enter(primary_who(), port.id, name, known.devargs);
			continue;
		}
		da = rte_dev_devargs(dev);
		args = da == NULL || da->drv_str == NULL ? "" : da->drv_str;
		len = snprintf(
			text, sizeof(text), "%s:%s,%s", rte_bus_name(rte_dev_bus(dev)), name, args);
		/* Arguments that do not fit are left out altogether. */
		if (args[0] == '\0' || len >= (int)sizeof(text))
			text[strcspn(text, ",")] = '\0';
		port_enter(primary_who(), port.id, name, text);
	}
}

void
catalogue_follow_foreign(void)
{
	const struct port_set all = port_set_all();
	struct port_set gone;
	struct views views;
	unsigned int id;

	catalogue_update();
	views_take(&views);
	gone = views_gone(&views, &all);
	PORT_SET_FOREACH(id, &gone)
		port_enter(primary_who(), id, "", "");
}

/* An entry may be half written; the next beat looks at it again. */
GROUP_MAY_RACE bool
catalogue_is_behind(void)
{
	unsigned int id;

	if (!primary_is_foreign())
		return false;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if ((atomic_load(&group_self->state.ports[id / 64]) >> id % 64 & 1) !=
			(group_shared->ports[id].name[0] != '\0'))
			return true;
	}
	return false;
}
