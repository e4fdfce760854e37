/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "process/eal_options.h"

/* Why a start failed. Main thread. */

/**
 * Put a sentence into why: what made rte_eal_init() fail with err, an errno, and how to mend it.
 *
 * @param dir the runtime directory; empty if the group has none.
 * @param joins this process would have become a secondary.
 */
void explain_failure(
	const struct eal_options *options, const char *dir, bool joins, int err, char *why);

/** Put a sentence into why: the runtime directory dir is full. */
void explain_no_space(const char *dir, char *why);
