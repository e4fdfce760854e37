/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SYNC_H
#define SYNC_H

/**
 * Bring this process in line with its primary: attach what it misses, remove what
 * only it has. Nobody else is touched; that some device cannot be had is logged,
 * and seen in the views. While the turn is held, by this process or by one that
 * waits for it; any thread that may allocate and wait.
 */
void sync_self(void);

#endif
