/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/port_set.h"
#include "base/wait.h"

/* Which ports of the catalogue a port id or a device name means. Any thread, where nothing else is
 * said. */

/** Is this a port id, and not the name of a device? @param id receives it; RTE_MAX_ETHPORTS if
 * there can be no such port. */
bool which_is_id(const char *text, unsigned int *id);

/** The port with this id, or the ports of the device with this name. The name may have question
 * marks, as list shows it. */
struct port_set which_ports(const char *text);

/**
 * Find the ports that a user means: by id, or by a device with or without bus and arguments. Takes
 * the turn to explain why a device has no port. Main thread, without the turn.
 *
 * @return 0, or a negative errno and why.
 */
int which_ports_typed(const char *text, struct port_set *ports, wait_fn wait, char *why);
