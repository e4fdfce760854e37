/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "base/wait.h"

/* The mounts of hugetlbfs, looked at before and after the EAL does. huge_dir is the one the EAL is
 * told to use, or empty. */

/** Is there such a mount, and may this user write to one? */
void hugepages_look(const char *huge_dir, bool *mounted, bool *writable);

/**
 * Wait while somebody has locked the mount, as the EAL would do, but say for whom and until wait()
 * gives up: whoever can read a directory can lock it. Waits for nobody if the mount cannot be
 * opened.
 *
 * @param why receives a sentence on failure.
 * @return 0, or -ECANCELED if wait() said so.
 */
int hugepages_wait(const char *huge_dir, wait_fn wait, char *why);
