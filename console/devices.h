/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The commands about devices of the group; rest is what was typed after the command. Main
 * thread. */

void devices_attach(const char *rest);
void devices_detach(const char *rest);
void devices_lock(const char *rest);
void devices_unlock(const char *rest);
void devices_sync(const char *rest);

/** Do what the kernel's device events ask for, when kernel_requests_fd() is readable. */
void devices_kernel_requests(void);
