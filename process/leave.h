/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"

/**
 * Stop the EAL and leave the group: between two operations if the turn can be had while wait()
 * goes on, else beside one. Main thread.
 */
void leave(wait_fn wait);
