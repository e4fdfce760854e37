/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_devargs.h>

#include "base/port_set.h"
#include "base/wait.h"

/* Which device or ports a typed word means. */

/**
 * Split a typed device, as device_split() does. If the word means a port, why names the port's
 * device, which is what to type. Main thread.
 *
 * @return 0, and the caller frees da with rte_devargs_reset(); or a negative errno and why.
 */
int which_device(const char *text, struct rte_devargs *da, char *why);

/** If a name is a port's and no device's, write into why which device has that port. @return false,
 * with why unchanged, if it is not. Any thread. */
bool which_explain(const char *name, char *why);

/** Write into why that a device is not attached, or which device has a port of this name. @return
 * -ENODEV. Any thread. */
int which_not_attached(const char *name, char *why);

/** Does this word mean a port, and not a device: is it a port id, or a port's own name, which
 * differs from its device's? @param id receives the port's id; RTE_MAX_ETHPORTS for a port id that
 * there cannot be. Any thread. */
bool which_is_port(const char *text, unsigned int *id);

/** The port of the catalogue with this id or name, or the ports of the device with this name, which
 * may have question marks where it has odd characters. Any thread. */
struct port_set which_ports(const char *text);

/**
 * Find the ports that a user means: by id, or by a device with or without bus and arguments. Takes
 * the turn to explain why a device has no port. Main thread, without the turn.
 *
 * @param name receives the device's name, RTE_DEV_NAME_MAX_LEN bytes; empty if no device is meant.
 * @return 0, or a negative errno and why.
 */
int which_ports_typed(
	const char *text, struct port_set *ports, char *name, wait_fn wait, char *why);
