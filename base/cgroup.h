/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/** Is a process frozen, through a control group (cgroups(7)) that it is in, as in a container that
 * is paused? /proc/PID/stat calls it asleep. False if the control groups are not mounted here. Any
 * thread. */
bool cgroup_frozen(pid_t pid);

/** What such a process is, and what to do. */
extern const char cgroup_frozen_is[];
