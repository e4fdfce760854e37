/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "operations/operation.h"

/**
 * Bring the group back together: each process that sees other ports than the primary brings itself
 * in line. The result's text says what was done and what a person has to do.
 *
 * Takes the turn and blocks as attach() does. Main thread.
 */
void sync_group(wait_fn wait, struct result *res);

/** Bring this process in line with its primary: attach what it misses, remove what only it has. No
 * other process is touched. If some device cannot be had, that is logged and seen in the views. In
 * a thread that may allocate and wait, while another process that waits for it holds the turn. */
void sync_self(void);
