/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What librte_telemetry's clients (dpdk-telemetry.py) can ask a primary. They can change nothing.
 * Main thread. */

/** Be ready to answer. After rte_eal_init(). @return 0 or a negative errno. */
int telemetry_start(void);

/** Answer no more. Before rte_eal_cleanup(). */
void telemetry_stop(void);

/** Readable when a client asks for what only the main thread may look at; -1 in a secondary. */
int telemetry_fd(void);

/** Look at it, when telemetry_fd() is readable. */
void telemetry_refresh(void);
