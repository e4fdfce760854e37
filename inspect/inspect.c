/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_string_fns.h>

#include "base/text.h"
#include "device/abilities.h"
#include "device/device.h"
#include "eal/log_tap.h"
#include "eal/port_device.h"
#include "group/views.h"
#include "inspect/inspect.h"
#include "traffic/server.h"

__rte_format_printf(4, 5) static void field_add(
	struct inspect *inspect, const char *key, bool number, const char *format, ...)
{
	struct inspect_field *field = &inspect->fields[inspect->nb_fields++];
	va_list ap;

	field->key = key;
	field->number = number;
	va_start(ap, format);
	vsnprintf(field->text, sizeof(field->text), format, ap);
	va_end(ap);
	text_printable(field->text);
}

static void
field_add_text(struct inspect *inspect, const char *key, const char *text)
{
	field_add(inspect, key, false, "%s", text);
}

static void
field_add_number(struct inspect *inspect, const char *key, int number)
{
	field_add(inspect, key, true, "%d", number);
}

/* ethdev tells only drivers whether a port is started. But it refuses to unbind hairpin queues of a
 * stopped port with -EBUSY. If the port is started, it asks the driver, which finds that there is
 * no such peer to unbind. */
static bool
port_started(uint16_t id)
{
	int ret;

	log_tap_mute(true);
	ret = rte_eth_hairpin_unbind(id, UINT16_MAX);
	log_tap_mute(false);
	return ret != -EBUSY;
}

/* @param known devargs of dev in the catalogue, or NULL. A secondary's EAL knows only the name. */
static void
device_fields(const struct rte_device *dev, const char *known, int numa, struct inspect *inspect)
{
	const struct rte_devargs *da = rte_dev_devargs(dev);
	const char *bus = rte_bus_name(rte_dev_bus(dev));
	const char *args = da == NULL || da->drv_str == NULL ? "" : da->drv_str;

	strlcpy(inspect->name, rte_dev_name(dev), sizeof(inspect->name));
	field_add_text(inspect, "name", rte_dev_name(dev));
	field_add_text(inspect, "driver",
		rte_dev_driver(dev) == NULL ? "none" : rte_driver_name(rte_dev_driver(dev)));
	field_add_text(inspect, "bus", bus);
	if (known != NULL)
		field_add_text(inspect, "devargs", known);
	else
		field_add(inspect, "devargs", false, "%s:%s%s%s", bus, rte_dev_name(dev),
			args[0] == '\0' ? "" : ",", args);
	field_add_number(inspect, "numa", numa);
}

void
inspect_device(const struct rte_device *dev, struct inspect *inspect)
{
	memset(inspect, 0, sizeof(*inspect));
	device_fields(dev, NULL, rte_dev_numa_node(dev), inspect);
}

/* No driver answers for a port whose device is gone. */
static void
lost_fields(const struct port_device *known, const char *port_name, struct inspect *inspect)
{
	const char *name = known->name[0] == '\0' ? port_name : known->name;

	strlcpy(inspect->name, name, sizeof(inspect->name));
	field_add_text(inspect, "name", name);
	field_add_text(inspect, "driver", "none");
	field_add_text(inspect, "devargs", known->devargs);
	field_add_text(inspect, "state", "lost");
}

/* Only the primary's driver may know the link: a secondary's may ask a descriptor that is another
 * file there, and write the answer where the primary's is. If the primary is another program, it
 * cannot be asked. */
static bool
link_get(unsigned int id, const char *driver, struct rte_eth_link *link)
{
	int ret = request_link(id, link);

	if (ret == -ENOTSUP && abilities_link(driver))
		ret = rte_eth_link_get_nowait(id, link);
	return ret == 0;
}

bool
inspect_port(unsigned int id, struct inspect *inspect)
{
	char mac[RTE_ETHER_ADDR_FMT_SIZE] = "unknown";
	const char *state = "unknown", *speed = "unknown";
	struct rte_ether_addr address;
	struct rte_eth_dev_info info;
	struct rte_eth_link link;
	struct port_device known;
	struct device_port port;
	const char *driver;
	uint16_t mtu = 0;

	memset(inspect, 0, sizeof(*inspect));
	if (!device_port_next(id, &port) || port.id != id)
		return false;
	field_add_number(inspect, "port", id);
	views_device(id, &known);
	/* A port without a name has no data, so its driver cannot answer. */
	if (port.name[0] == '\0' || port_device(id) == NULL) {
		lost_fields(&known, port.name, inspect);
		return true;
	}
	if (rte_eth_dev_info_get(id, &info) < 0)
		return false;
	/* A device with several ports names them as it likes. */
	if (strcmp(port.name, rte_dev_name(info.device)) != 0)
		field_add_text(inspect, "portname", port.name);
	device_fields(info.device,
		strcmp(known.name, rte_dev_name(info.device)) == 0 ? known.devargs : NULL,
		rte_eth_dev_socket_id(id), inspect);
	if (rte_eth_macaddr_get(id, &address) == 0)
		rte_ether_format_addr(mac, sizeof(mac), &address);
	field_add_text(inspect, "mac", mac);
	driver = rte_driver_name(rte_dev_driver(info.device));
	if (link_get(id, driver, &link)) {
		state = link.link_status ? "up" : "down";
		speed = rte_eth_link_speed_to_str(link.link_speed);
	}
	field_add_text(inspect, "link", state);
	field_add_text(inspect, "speed", speed);
	rte_eth_dev_get_mtu(id, &mtu);
	field_add_number(inspect, "mtu", mtu);
	field_add_number(inspect, "rxqueues", info.nb_rx_queues);
	field_add_number(inspect, "txqueues", info.nb_tx_queues);
	field_add_text(inspect, "state", port_started(id) ? "started" : "stopped");
	return true;
}

unsigned int
inspect_seen_by(unsigned int id, pid_t *pids, unsigned int max)
{
	struct views views;
	unsigned int i, nb = 0;

	views_take(&views);
	for (i = 0; i < views.nb && nb < max; i++) {
		if (views_count(&views.peers[i]) && port_set_has(&views.peers[i].ports, id))
			pids[nb++] = views.peers[i].who.pid;
	}
	return nb;
}
