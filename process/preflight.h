/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/wait.h"
#include "process/eal_options.h"

/* What is checked before rte_eal_init(): a start that would fail, or that would harm a group that
 * runs, is refused before the EAL touches anything. Main thread. Each returns 0 or a negative
 * errno, and on failure a sentence in why: what is wrong and how to mend it. */

/** Check what needs no look at others. @param dir receives the runtime directory, empty if the
 * options say that there is none. */
int preflight_options(const struct eal_options *options, char *dir, size_t dir_size, char *why);

/** Check which processes are there. @param joins receives whether this one will be a secondary. */
int preflight_roles(const struct eal_options *options, const char *dir, bool *joins, char *why);

/** Check that nothing can block or kill the EAL's start, with the turn, so that no process starts,
 * leaves or operates meanwhile. */
int preflight_group(
	const struct eal_options *options, const char *dir, bool *joins, wait_fn wait, char *why);
