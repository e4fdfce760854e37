/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/wait.h"

/* The mounts of hugetlbfs that the EAL will use: all, or only the one at huge_dir if that is not
 * empty. Main thread. */

/**
 * May this user use such a mount? If /proc/mounts is unreadable, assume so.
 *
 * @param first receives the path of the first mount, empty if there is none; PATH_MAX bytes.
 * @return 0, -ENOENT if none is mounted, -EACCES if this user may write to none.
 */
int hugepages_look(const char *huge_dir, char *first);

/** Has the primary with this pid and file prefix mapped hugepages whose files have been removed?
 * Its option --huge-unlink does that. Also false if this user may not see what it has mapped. */
bool hugepages_unlinked(pid_t primary, const char *file_prefix);

/**
 * Wait while a process has locked the mount that the EAL will lock. The EAL would wait too, but
 * silently and without end, and whoever can read a directory can lock it. Does not wait if the
 * mount cannot be opened.
 *
 * @param why receives a sentence on failure.
 * @return 0, or -ECANCELED if wait() gave up.
 */
int hugepages_wait(const char *huge_dir, wait_fn wait, char *why);
