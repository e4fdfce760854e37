/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEMETRY_H
#define TELEMETRY_H

/*
 * What librte_telemetry's clients (dpdk-telemetry.py) can ask a primary; they
 * can change nothing.
 */

/** Be ready to answer. After rte_eal_init(), main thread. @return 0 or a negative errno. */
int telemetry_start(void);

/** Answer no more. Before rte_eal_cleanup(), main thread. */
void telemetry_stop(void);

/** Readable when a client wants to know what only the main thread may look at; -1 in a secondary.
 */
int telemetry_fd(void);

/** Look at it; for telemetry_fd(). Main thread. */
void telemetry_refresh(void);

#endif
