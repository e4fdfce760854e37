/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Has a secondary the drivers of its primary, in the same order? Some of DPDK's shared data names a
 * driver by its number in the order of loading: a mempool has the number of its driver, and a
 * secondary with others would call another driver's functions. Main thread, with the turn. */

/** Publish which drivers this primary has. After rte_eal_init(). */
void fit_publish(void);

/** After rte_eal_init() in a secondary, whether it has succeeded or not. @return 0, or -EXDEV and
 * why if this secondary does not fit. It fits if the primary is another program, whose drivers are
 * not known. */
int fit_check(char *why);
