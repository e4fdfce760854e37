/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/port_set.h"

/* The catalogue: which device is behind which port, so that a process without the port can name it.
 * views_device() reads it. Main thread, with the turn, unless a comment says otherwise. */

/** Enter ports that have come with a device. */
void catalogue_enter(const struct port_set *ports, const char *name, const char *devargs);

/** Forget ports that have gone. */
void catalogue_forget(const struct port_set *ports);

/** Ports of a device, which this process may lack. */
struct port_set catalogue_ports(const char *name);

/** Enter the ports of this process that came without an operation of this program. */
void catalogue_update(void);

/** Under a foreign primary: enter ports that have come, forget ports that no process has. */
void catalogue_follow_foreign(void);

/** Does the catalogue lack changes of a foreign primary? Any thread. */
bool catalogue_is_behind(void);
