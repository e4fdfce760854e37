/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "process/eal_options.h"

/* Refuse a start that would fail or harm the group, before rte_eal_init() touches anything. Main
 * thread. Each function returns 0, or a negative errno and in why what is wrong and how to mend
 * it. */

/** Check the options and this process's limits. @param dir receives the path of the runtime
 * directory, PATH_MAX bytes; empty if the options say that there is none. */
int preflight_options(const struct eal_options *options, char *dir, char *why);

/** Check this process's role against the processes that run. @param joins receives whether it will
 * be a secondary. */
int preflight_roles(const struct eal_options *options, const char *dir, bool *joins, char *why);

/** Check the roles, and that nothing can block or kill the EAL's start. With the turn, so that no
 * other process starts, leaves or operates meanwhile. */
int preflight_group(
	const struct eal_options *options, const char *dir, bool *joins, wait_fn wait, char *why);
