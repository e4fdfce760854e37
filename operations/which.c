/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_string_fns.h>

#include "base/text.h"
#include "device/device.h"
#include "group/turn.h"
#include "group/views.h"
#include "operations/which.h"

/* Is a name, as typed or as the bus spells it, the one in the catalogue? A name with odd characters
 * is shown with question marks, and can be typed so. */
static bool
is_name(const char *typed, const char *canonical, char *known)
{
	if (known[0] == '\0')
		return false;
	return strcmp(typed, known) == 0 || strcmp(canonical, known) == 0 ||
	       strcmp(typed, text_printable(known)) == 0;
}

static bool
is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

struct port_set
which_ports(const char *text)
{
	struct port_set of_device = {0}, named = {0};
	char canonical[RTE_DEV_NAME_MAX_LEN];
	struct port_device device;
	unsigned int id, wanted;
	const bool is_id = is_number(text);

	if (is_id && !text_number(text, 0, RTE_MAX_ETHPORTS - 1, &wanted))
		return named;
	device_canonical(text, canonical, sizeof(canonical));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		views_device(id, &device);
		if (is_id ? id == wanted && device.name[0] != '\0'
			  : is_name(text, canonical, device.name))
			port_set_add(&of_device, id);
		if (!is_id && is_name(text, canonical, device.port))
			port_set_add(&named, id);
	}
	return port_set_is_empty(&of_device) ? named : of_device;
}

bool
which_is_port(const char *text, unsigned int *id)
{
	struct port_set ports = which_ports(text);
	struct port_device device;

	*id = port_set_next(&ports, 0);
	if (is_number(text))
		return true;
	if (*id == RTE_MAX_ETHPORTS)
		return false;
	views_device(*id, &device);
	return strcmp(device.port, text) == 0 && strcmp(device.name, text) != 0;
}

bool
which_explain(const char *name, char *why)
{
	struct port_device device;
	unsigned int id;

	if (!which_is_port(name, &id))
		return false;
	if (id == RTE_MAX_ETHPORTS) {
		why_set(why, 0, "no port has the id %s; list shows those there are", name);
	} else {
		views_device(id, &device);
		why_set(why, 0, "%s is a port of %s; type %s instead", name,
			text_printable(device.name), device.name);
	}
	return true;
}

int
which_device(const char *text, struct rte_devargs *da, char *why)
{
	int ret = device_split(text, da, why);
	char name[RTE_DEV_NAME_MAX_LEN];

	if (ret != -EINVAL)
		return ret;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ","), text);
	return name[0] != '\0' && which_explain(name, why) ? -ENODEV : ret;
}

int
which_not_attached(const char *name, char *why)
{
	return which_explain(name, why) ? -ENODEV : why_set(why, -ENODEV, "not attached");
}

int
which_ports_typed(const char *text, struct port_set *ports, char *name, wait_fn wait, char *why)
{
	struct rte_devargs da = {0};
	unsigned int id;
	int ret;

	name[0] = '\0';
	if (which_is_port(text, &id)) {
		*ports = (struct port_set){0};
		if (id == RTE_MAX_ETHPORTS)
			return why_set(why, -ENODEV, "no such port; list shows those there are");
		port_set_add(ports, id);
		return 0;
	}
	ret = which_device(text, &da, why);
	if (ret < 0)
		return ret;
	strlcpy(name, da.name, RTE_DEV_NAME_MAX_LEN);
	*ports = which_ports(da.name);
	/* Without the turn, an operation of another process may free a device while the EAL's list
	 * is read. */
	if (port_set_is_empty(ports)) {
		ret = -ENODEV;
		if (turn_take("stats", wait, why) >= 0) {
			if (device_find(&da) == NULL)
				which_not_attached(da.name, why);
			else
				why_set(why, ret, "no ethernet port");
			turn_release();
		}
	}
	rte_devargs_reset(&da);
	return ret;
}
