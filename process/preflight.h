/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "process/options.h"

/* Refuse a start that would fail or harm the group, before rte_eal_init() touches anything; or else
 * explain why it failed. Main thread. Each function that checks returns 0, or a negative errno; why
 * receives what is wrong and how to mend it. */

/** Check the options and this process's limits. @param dir receives the path of the runtime
 * directory, PATH_MAX bytes; empty if the options say that there is none. */
int preflight_options(const struct eal_options *options, char *dir, char *why);

/** Check this process's role against the processes that run. Waits, 2 s at most for each, for those
 * of an earlier group that are about to end. @param joins receives whether it will be a secondary.
 */
int preflight_roles(const struct eal_options *options, const char *dir, bool *joins, char *why);

/** Check the roles, and that nothing can block or kill the EAL's start. With the turn, so that no
 * other process starts, leaves or operates meanwhile. */
int preflight_group(
	const struct eal_options *options, const char *dir, bool *joins, wait_fn wait, char *why);

/** Check that the start, and later the end, of this process does no harm to devices that others
 * use.
 * @param dir the runtime directory, if this process joins. */
int preflight_devices(const struct eal_options *options, const char *dir, bool joins, char *why);

/**
 * Explain what made rte_eal_init() fail with err, an errno.
 *
 * @param dir the runtime directory; empty if the group has none.
 * @param joins this process would have become a secondary.
 */
void preflight_explain(
	const struct eal_options *options, const char *dir, bool joins, int err, char *why);

/** Explain that the runtime directory dir is full. */
void preflight_no_space(const char *dir, char *why);
