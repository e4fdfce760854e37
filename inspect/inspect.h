/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "group/shared.h"

/* What is known of a device and its ports. Main thread, where nothing else is said. */

/** Most fields of an inspection. */
#define INSPECT_MAX_FIELDS 16

/** A key and its value. Keys and words stay the same from release to release. */
struct inspect_field {
	const char *key;
	bool number; /* the text is a decimal integer */
	char text[GROUP_DEVARGS_SIZE];
};

struct inspect {
	char name[RTE_DEV_NAME_MAX_LEN]; /* of the device */
	unsigned int nb_fields;
	struct inspect_field fields[INSPECT_MAX_FIELDS];
};

/**
 * Look at a port of this process and its device. Holder of the turn, so that no other process
 * removes the port meanwhile.
 *
 * @return false if there is no such port, or its device cannot be asked.
 */
bool inspect_port(unsigned int id, struct inspect *inspect);

/** Look at a device of this process that has no port. Holder of the turn. */
void inspect_device(const struct rte_device *dev, struct inspect *inspect);

/** Pids of the processes that see a port, at most max. Any thread. @return how many. */
unsigned int inspect_seen_by(unsigned int id, pid_t *pids, unsigned int max);
