/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

/* Keep other users of the machine away from what a group shares. Main thread. */

/**
 * Make the runtime directory and its parent, as the EAL does, and check that other users can
 * neither replace nor read anything there. The check is needed because the EAL follows links,
 * overwrites what it finds, and waits for any process that has locked the directory.
 *
 * @param why receives a sentence on failure.
 * @return 0 or a negative errno.
 */
int private_make_dir(const char *dir, char *why);

/**
 * Check that other users have no access to this file or directory, not even to read it.
 *
 * @param type what it must be: S_IFREG or S_IFDIR.
 * @param why receives a sentence on failure.
 * @return 0 or -EPERM.
 */
int private_check(const char *path, const struct stat *st, mode_t type, char *why);
