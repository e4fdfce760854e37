/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROCESS_LEAVE_H
#define PROCESS_LEAVE_H

#include "base/wait.h"

/**
 * Stop the EAL and leave the group: between two operations if the turn can be had while wait()
 * goes on, else beside one. Main thread.
 */
void leave(wait_fn wait);

#endif
