/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The commands about devices; rest is what was typed after the command. Main thread. */

void devices_attach(const char *rest);
void devices_detach(const char *rest);
void devices_lock(const char *rest);
void devices_unlock(const char *rest);
void devices_sync(const char *rest);

/** React to the kernel's device events. Call it when kernel_requests_fd() is readable. */
void devices_kernel_requests(void);
