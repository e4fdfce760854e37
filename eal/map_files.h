/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The files of a primary's hugepages. The EAL leaves them behind when it ends, with the pages,
 * until the next primary of any DPDK program starts. Main thread. */

/** The files have this prefix. Before rte_eal_init(). */
void map_files_begin(const char *file_prefix);

/** Note in which directories this primary has files. Before rte_eal_cleanup(). */
void map_files_note(void);

/** Remove the files there, except those that a process uses. After rte_eal_cleanup(). */
void map_files_remove(void);
