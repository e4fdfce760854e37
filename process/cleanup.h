/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* The files that the EAL makes for this process, and removes only in rte_eal_cleanup(). */

/** From now on the EAL may make files in dir, for a secondary or a primary. Main thread. */
void cleanup_begin(const char *dir, bool secondary);

/** Remove them, for a process that ends without rte_eal_cleanup(). Nothing before
 * cleanup_begin(). Any thread. */
void cleanup_remove_files(void);
