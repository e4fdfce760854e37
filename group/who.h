/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* How people are told of a process: its pid and its role. Any thread. */

struct who {
	pid_t pid;
	bool primary;
};

/** "primary" or "secondary" */
static inline const char *
who_role(bool primary)
{
	return primary ? "primary" : "secondary";
}

/** Put "pid 7545 (secondary)" into text, and return it. */
static inline const char *
who_name(struct who who, char *text, size_t size)
{
	snprintf(text, size, "pid %d (%s)", who.pid, who_role(who.primary));
	return text;
}
