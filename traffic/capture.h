/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Captures of the packets of a port, by processes such as dpdk-dumpcap. The primary keeps who has
 * asked for one. A capture pauses while its port is stopped, and ends with its process or its port.
 */

/** Offer captures to the group. In a group of one there are none. While starting, with the turn.
 * @return 0 or a negative errno. */
int capture_start(void);

/** End all captures. Before rte_eal_cleanup(), when nothing is polled any more. */
void capture_stop(void);

/** The captures of a port begin, which is started; or pause, before it is stopped, when no process
 * polls it. In between a port is configured, started and stopped under the lock. Primary. */
void capture_port_lock(void);
void capture_port_unlock(void);
void capture_resume(unsigned int id);
void capture_pause(unsigned int id);
