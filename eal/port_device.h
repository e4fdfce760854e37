/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_dev.h>

/**
 * The device of an ethernet port of this process; NULL if the port is not there, or if no bus has
 * its device any more. A driver may remove a device and leave a port of it behind: ethdev's pointer
 * to the device then leads to freed memory, and rte_eth_dev_info_get() follows it. So ask here
 * before any call that reads the device or has the driver answer. Asks no driver. With the turn;
 * main thread, or one that serves the holder of the turn.
 */
struct rte_device *port_device(unsigned int id);

/** Begin to count which ports go. Once, after rte_eal_init(), in the primary: what ethdev allocates
 * for it in the group's memory lasts as long as the primary. @return 0 or a negative errno. */
int port_count_begin(void);

/** A number that changes when the port with this id goes, so that a later one with the id is not
 * taken for it. Primary, any thread. */
unsigned int port_count(unsigned int id);
