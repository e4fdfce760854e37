/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/** Stop the EAL and leave the group: between two operations if the turn can be had soon, else
 * beside one. Main thread. */
void leave(void);
