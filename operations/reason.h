/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include "operations/operation.h"

/* Why an operation failed. Main thread, with the turn. */

/** Write into text why the EAL returned err, and set op->again if another try may succeed. op->now
 * must be taken right after the EAL returned. */
void reason_find(struct operation *op, int err, char *text, size_t size);
