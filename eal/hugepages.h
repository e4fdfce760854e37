/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"

/* The directories of hugetlbfs that the EAL will use: huge_dir, or if that is empty the first mount
 * of each page size. Main thread. */

/**
 * May this user use them? If /proc/mounts is unreadable, assume so.
 *
 * @return 0, -ENOENT if there is none, -EACCES if this user may not write to one of them.
 */
int hugepages_look(const char *huge_dir);

/**
 * Wait while a process has locked one of them. The EAL locks each, and would wait too, but silently
 * and without end, and whoever can read a directory can lock it. Does not wait for one that cannot
 * be opened.
 *
 * @param why receives a sentence on failure.
 * @return 0, or -ECANCELED if wait() gave up.
 */
int hugepages_wait(const char *huge_dir, wait_fn wait, char *why);
