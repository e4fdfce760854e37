/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_common.h>

/** Size of every buffer named why: a sentence without its full stop that says what failed, who or
 * what is the cause, and what to do. */
#define WHY_SIZE 512

/** Put a sentence into why, and return err. Any thread. */
__rte_format_printf(3, 4) int why_set(char *why, int err, const char *format, ...);
