/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "process/eal_options.h"

/* Why a start failed. Main thread. */

/**
 * rte_eal_init() has failed with err, an errno, and has said so in its own words. Find a cause that
 * a person can remove.
 *
 * @param dir the runtime directory; empty if the group has none.
 * @param joins this process was to be a secondary.
 */
void explain_failure(
	const struct eal_options *options, const char *dir, bool joins, int err, char *why);

/** The runtime directory is full. */
void explain_no_space(const char *dir, char *why);
