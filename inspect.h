/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "group.h"

/* What is known of one device and one of its ports. */

/** Most fields of an inspection. */
#define INSPECT_MAX_FIELDS 16

/** A value, in words that stay the same. */
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
 * A port of this process and its device. Holder of the turn: nobody else removes
 * the port meanwhile.
 *
 * @return false if there is no such port, or none that can be asked.
 */
bool inspect_port(unsigned int id, struct inspect *inspect);

/** A device of this process without a port. Holder of the turn. */
void inspect_device(const struct rte_device *dev, struct inspect *inspect);

/** Pids of the processes that see a port, at most max. Any thread. @return how many. */
unsigned int inspect_seen_by(unsigned int id, pid_t *pids, unsigned int max);

#endif
