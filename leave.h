/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LEAVE_H
#define LEAVE_H

#include "base/wait.h"
#include "group.h"

/**
 * Stop the EAL and leave the group: between two operations if the turn can be
 * had in time, else beside one. Main thread.
 */
void leave_group(wait_fn wait);

#endif
