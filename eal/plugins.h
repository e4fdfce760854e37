/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

/* Which libraries the EAL loads when it starts: drivers, and what of DPDK they need. Main thread.
 */

/** Before rte_eal_init(). */
void plugins_begin(void);

/** Write the names of the libraries loaded since then to text, a buffer of size bytes: in the order
 * of loading, a newline after each. What does not fit is cut off. */
void plugins_list(char *text, size_t size);

/** A public function of a driver's library, "librte_bus_vdev", which the EAL has loaded: the
 * program is not linked with it. Any thread. @return NULL if there is none. */
void *plugins_function(const char *library, const char *function);
