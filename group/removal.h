/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Keep the files of the group from being removed while it runs, and notice if one has been removed
 * all the same: by a cleaner of old files, or by hand. */

/** With each beat, in the watch thread: keep the files from cleaners, and tell this process if one
 * has been removed. */
void removal_look(void);

/** If a file of the group is known to have been removed, write what that means into text. Any
 * thread. @return false if none is. */
bool removal_text(char *text, size_t size);
