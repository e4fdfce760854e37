/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Answer telemetry clients (dpdk-telemetry.py), in a primary. They can only ask. Main thread. */

/** Begin to answer. After rte_eal_init(). @return 0 or a negative errno. */
int telemetry_start(void);

/** Stop answering. Before rte_eal_cleanup(). */
void telemetry_stop(void);

/** A descriptor that is readable when a client's question needs telemetry_refresh(); -1 in a
 * secondary. */
int telemetry_fd(void);

/** Look at all ports for the clients. Call it when telemetry_fd() is readable. */
void telemetry_refresh(void);
