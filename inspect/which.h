/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/port_set.h"
#include "base/wait.h"

/* Which ports are meant by a port id or a device name. */

/**
 * Is this a port id, and not the name of a device? Any thread.
 *
 * @param id receives it; RTE_MAX_ETHPORTS if there can be no such port.
 */
bool which_is_id(const char *text, unsigned int *id);

/** Ports of the catalogue with this id, or with a device of this name. A name may also be given as
 * it is shown, with question marks. Any thread. */
struct port_set which_ports(const char *text);

/**
 * Ports of the catalogue that a person means: by id, or by a device with or without bus and
 * arguments. Takes the turn to explain why a device has no port. Main thread, without the turn.
 *
 * @return 0, or a negative errno and why.
 */
int which_ports_typed(const char *text, struct port_set *ports, wait_fn wait, char *why);
