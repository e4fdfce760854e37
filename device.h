/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_dev.h>
#include <rte_devargs.h>

#include "base/port_set.h"
#include "group.h"

/*
 * Devices and ports of this process alone, as the EAL has them. Main thread, or
 * the watch thread while sync_self() runs there.
 */

/** An ethernet port of this process. */
struct device_port {
	uint16_t id;
	char name[RTE_DEV_NAME_MAX_LEN]; /* empty if the primary has released the port */
};

/**
 * Next ethernet port, whoever owns it.
 *
 * @param id first port id to look at.
 * @return false if there is none from id on.
 */
bool device_port_next(unsigned int id, struct device_port *port);

/**
 * Split [bus:]name[,arguments].
 *
 * @param da filled on success; to be freed with rte_devargs_reset().
 * @param why receives a sentence on failure.
 * @return 0 or a negative errno.
 */
int device_split(const char *text, struct rte_devargs *da, char *why, size_t size);

/** The device da names, if a driver has taken it in this process; else NULL. */
struct rte_device *device_find(const struct rte_devargs *da);

/** Call fn for each device that a driver has taken in this process. Holder of the turn. */
void device_each(void (*fn)(const char *name));

/**
 * Ports of a device, in this process.
 *
 * @param first receives the lowest port id, RTE_MAX_ETHPORTS if there is none.
 */
void device_ports(const struct rte_device *dev, struct port_set *ports, unsigned int *first);

/**
 * Can the socket that da asks a vhost-user server to make be made? The driver
 * finds out only when the port is configured, long after the attach.
 *
 * @return 0, also for any other device; or a negative errno, and in why what to do.
 */
int device_check_vhost(const struct rte_devargs *da, char *why, size_t size);

/**
 * Kernel driver of the PCI device at an address, empty if it has none.
 *
 * @return false if there is no such device.
 */
bool device_kernel_driver(const char *address, char *driver, size_t size);

/** Does this kernel driver hand a device to user space? */
bool device_driver_usable(const char *driver);

/** Let the group know the devices behind the ports this process has. Holder of the turn. */
void device_publish(void);

#endif
