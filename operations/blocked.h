/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Devices that a process was told to leave alone, by the EAL's option -b. An attach in the EAL
 * would lift that. Main thread, holder of the turn. */

/** Let the others know which devices this process was told to leave alone, the first GROUP_LOCKS
 * of them. Once the EAL runs. */
void blocked_publish(void);

/**
 * Was some process told to leave the device with this name alone? Then nobody attaches it.
 *
 * @param text receives a sentence if so: which process it is, and what to do.
 */
bool blocked_anywhere(const char *name, char *text, size_t size);
