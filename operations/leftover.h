/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/port_set.h"
#include "group/views.h"

/* Remove what the EAL has left, or cannot remove from where it is asked: a device that only the
 * primary has, and ports whose device is gone. A driver may let go of a device with success and
 * leave a port behind, as net_ring does with nodeaction. */

/** Instead of a port id: close each port of this process whose device is gone. */
#define LEFTOVER_LOST RTE_MAX_ETHPORTS

/**
 * In the primary, remove the device of a port, with all its ports and from every process; if the
 * device is gone, close the port. Nobody may poll the port. Main thread with the turn, or the
 * server's thread for a secondary that has it (traffic/server.h).
 *
 * @param id port, or LEFTOVER_LOST.
 * @return 0, or a negative errno and why.
 */
int leftover_remove(unsigned int id, char *why);

/** Is a port of this process part of another device, which still uses it? If so, text says which
 * port it is, and what to do. With the turn. */
bool leftover_owner(const struct port_set *ports, char *text, size_t size);

/** Does of all processes only the primary, and that of this program, have any of the ports? */
bool leftover_only_in_primary(const struct views *views, const struct port_set *ports);

/**
 * Have the primary remove what it has of these ports, in the process that has the turn.
 *
 * @param why receives a sentence if something stays.
 * @return whether the primary had any.
 */
bool leftover_remove_from_primary(const struct port_set *ports, char *why);
