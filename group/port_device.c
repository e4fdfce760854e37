/* SPDX-License-Identifier: BSD-3-Clause */
#include "group/file.h"
#include "group/port_device.h"

GROUP_MAY_RACE void
port_device_get(unsigned int id, struct port_device *device)
{
	*device = group_shared->ports[id];
	device->name[sizeof(device->name) - 1] = '\0';
	device->devargs[sizeof(device->devargs) - 1] = '\0';
}
