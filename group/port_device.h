/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GROUP_PORT_DEVICE_H
#define GROUP_PORT_DEVICE_H

#include "group/shared.h"

/* The device behind a port, as the group remembers it. operations/catalogue.h writes it. */

/** What is remembered of a port; its name is empty if nothing is. Any thread. */
void port_device_get(unsigned int id, struct port_device *device);

#endif
