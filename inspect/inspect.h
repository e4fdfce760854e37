/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "base/port_set.h"
#include "base/wait.h"
#include "group/shared.h"

/* What is known of a device and its ports, and which ports a port id or a device name means. Main
 * thread and holder of the turn, where nothing else is said. */

/** A key and its value. Keys and words stay the same from release to release. */
struct inspect_field {
	const char *key;
	bool number; /* the text is a decimal integer */
	char text[GROUP_DEVARGS_SIZE];
};

struct inspect {
	char name[RTE_DEV_NAME_MAX_LEN]; /* of the device */
	unsigned int nb_fields;
	struct inspect_field fields[16];
};

/** Look at a port of this process and its device. The turn keeps other processes from removing the
 * port meanwhile. If no driver can answer for the port, its state is "lost". @return false if there
 * is no such port. */
bool inspect_port(unsigned int id, struct inspect *inspect);

/** Look at a device of this process that has no port. */
void inspect_device(const struct rte_device *dev, struct inspect *inspect);

/** Write the pids of the processes that see a port to pids, at most max. Any thread. @return how
 * many. */
unsigned int inspect_seen_by(unsigned int id, pid_t *pids, unsigned int max);

/** Is this a port id, and not the name of a device? @param id receives it; RTE_MAX_ETHPORTS if
 * there can be no such port. Any thread. */
bool which_is_id(const char *text, unsigned int *id);

/** The port of the catalogue with this id, or the ports of the device with this name, which may
 * have question marks, as list shows it. Any thread. */
struct port_set which_ports(const char *text);

/**
 * Find the ports that a user means: by id, or by a device with or without bus and arguments. Takes
 * the turn to explain why a device has no port. Main thread, without the turn.
 *
 * @return 0, or a negative errno and why.
 */
int which_ports_typed(const char *text, struct port_set *ports, wait_fn wait, char *why);
