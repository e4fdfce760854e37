/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/** Take each lock of the EAL's own that lies in the memory of all processes of a group, and release
 * it. It does not return as long as a process holds one. Not during rte_eal_cleanup(), which unmaps
 * the locks. Any thread. */
void shared_locks_pass(void);
