/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_dev.h>
#include <rte_devargs.h>

#include "base/port_set.h"

/* The EAL's devices and ports in this process. Main thread, or the watch thread while it brings
 * this process in line (operations/sync.h). */

/** An ethernet port of this process. */
struct device_port {
	uint16_t id;
	char name[RTE_DEV_NAME_MAX_LEN]; /* empty if the primary has released the port */
};

/** Find the next ethernet port from id on, whoever owns it. @return false if there is none. */
bool device_port_next(unsigned int id, struct device_port *port);

/**
 * Write a device's name as its bus does. PCI addresses have several spellings (88:00.0 and
 * 0000:88:00.0, capitals), and so do the UUIDs of vmbus. Other names stay as they are. Any thread.
 *
 * @param name a buffer of size bytes, RTE_DEV_NAME_MAX_LEN in general; may be the same as typed.
 */
void device_canonical(const char *typed, char *name, size_t size);

/**
 * Split [bus:]name[,arguments].
 *
 * @param da receives the parts on success, the name as the bus spells it; the caller frees it with
 *   rte_devargs_reset().
 * @param why receives a sentence on failure.
 * @return 0 or a negative errno.
 */
int device_split(const char *text, struct rte_devargs *da, char *why);

/**
 * Write what was split once more, with the name as the bus spells it: the EAL compares only texts.
 *
 * @param devargs a buffer of size bytes; after device_split() 128 are enough.
 * @return the length without the null, which may be more than fits.
 */
size_t device_devargs(const char *text, const struct rte_devargs *da, char *devargs, size_t size);

/** The device that da names, if a driver has probed it in this process; else NULL. */
struct rte_device *device_find(const struct rte_devargs *da);

/** Call fn for each device that a driver has probed in this process. Holder of the turn. */
void device_each(void (*fn)(const char *name));

/** The ports of a device in this process. */
struct port_set device_ports(const struct rte_device *dev);
