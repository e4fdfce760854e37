/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rte_devargs.h>

/**
 * What may be wrong with the devargs of a virtual device that its driver has refused without a
 * word: a name that is too long, a parameter that it needs, or one that it does not list. Only
 * after a refusal, because what drivers list of themselves is for people, and not complete. Main
 * thread.
 *
 * @param text receives it, without a full stop.
 * @return false if nothing is known to be wrong.
 */
bool advice_find(const struct rte_devargs *da, char *text, size_t size);
