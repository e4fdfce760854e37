/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "group/views.h"

/* Ask other processes to bring themselves in line with the group. Main thread, with the turn,
 * unless a comment says otherwise. */

/** Ask these processes one after the other, and wait for each answer. @return 0, or -ETIMEDOUT if
 * some of them did not answer. */
int sync_request_send(const struct views *who, wait_fn wait);

/** If the holder of the turn has asked this process, call sync() and answer. Watch thread. */
void sync_request_serve(void (*sync)(void));
