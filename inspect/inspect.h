/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "group/shared.h"

/* What is known of a device and its ports. Main thread and holder of the turn, where nothing else
 * is said. */

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
