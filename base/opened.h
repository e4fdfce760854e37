/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Which processes have a character device open, from /proc/PID/fd, which only root and the
 * process's own user can read. Any thread. */

/** Read the numbers of a device from a file in sysfs, such as /sys/class/uio/uio0/dev. @return
 * false if there is no such file. */
bool opened_numbers(const char *path, dev_t *device);

/** A descriptor of that process for the device. @return it, or a negative errno: -ENODEV if the
 * process has none, -EACCES if this user may not look. */
int opened_as(pid_t pid, dev_t device);

/** The process with the lowest pid above after that has the device open; 0 if there is none. */
pid_t opened_by(dev_t device, pid_t after);
