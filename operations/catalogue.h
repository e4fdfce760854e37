/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/port_set.h"

/* The catalogue: which device is behind which port, for processes that do not have the port
 * themselves. group/views.h reads it. Main thread and holder of the turn, where nothing else
 * is said. */

/** Ports have come with a device. */
void catalogue_enter(const struct port_set *ports, const char *name, const char *devargs);

/** Ports have gone. */
void catalogue_forget(const struct port_set *ports);

/** Ports that the catalogue has for a device, which this process may lack. */
struct port_set catalogue_ports(const char *name);

/** Enter the devices of this process's ports that came without an operation of this program. */
void catalogue_update(void);

/** Under a foreign primary: enter ports that have come, and forget ports that no process has. */
void catalogue_follow_foreign(void);

/** Have ports come or gone under a foreign primary that the catalogue does not know of? Any
 * thread. */
bool catalogue_is_behind(void);
