/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The primary's answers to secondaries that ask which virtual devices there are. */

/** Answer them as the head of vdev_list.c says, if this process becomes a primary. Before
 * rte_eal_init(), main thread. */
void vdev_list_start(void);

/** Answer as DPDK does from now on, for good, and log why, once. Any thread. */
void vdev_list_give_up(const char *why);
