/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_devargs.h>

#include "base/text.h"
#include "device/device.h"
#include "group/views.h"
#include "group/turn.h"
#include "inspect/which.h"

bool
which_is_id(const char *text, unsigned int *id)
{
	if (text[strspn(text, "0123456789")] != '\0')
		return false;
	if (!text_number(text, 0, RTE_MAX_ETHPORTS - 1, id))
		*id = RTE_MAX_ETHPORTS;
	return true;
}

struct port_set
which_ports(const char *text)
{
	struct port_set ports = {0};
	struct port_device device;
	unsigned int id, wanted;
	bool is_id = which_is_id(text, &wanted);

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &device);
		if (device.name[0] == '\0')
			continue;
		if (is_id ? id == wanted
			  : strcmp(text, device.name) == 0 ||
					strcmp(text, text_printable(device.name)) == 0)
			port_set_add(&ports, id);
	}
	return ports;
}

int
which_ports_typed(const char *text, struct port_set *ports, wait_fn wait, char *why)
{
	struct rte_devargs da = {0};
	unsigned int id;
	int ret;

	if (which_is_id(text, &id)) {
		*ports = which_ports(text);
		if (!port_set_is_empty(ports))
			return 0;
		return why_set(why, -ENODEV, "no such port; list shows those there are");
	}
	ret = device_split(text, &da, why);
	if (ret < 0)
		return ret;
	*ports = which_ports(da.name);
	/* Without the turn, an operation of another process may free a device while the EAL's list
	 * is read. */
	if (port_set_is_empty(ports)) {
		ret = -ENODEV;
		if (turn_take("stats", wait, why) >= 0) {
			snprintf(why, WHY_SIZE, "%s",
				device_find(&da) == NULL ? "not attached" : "no ethernet port");
			turn_release();
		}
	}
	rte_devargs_reset(&da);
	return ret;
}
