/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "group/views.h"

/** Does a process that is not in this group use a PCI device? With uio, this group could take the
 * device away from it. Main thread.
 *
 * @param views of the group.
 * @param text receives which process it is, and what to do.
 */
bool taken_elsewhere(const char *address, const struct views *views, char *text, size_t size);
