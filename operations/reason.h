/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include "operations/operation.h"

/* Why an operation failed. */

/** Say why the EAL returned err, from what each process knows, and set op->again if another try may
 * succeed. op->now must be taken right after the EAL returned. Main thread, holder of the turn. */
void reason_find(struct operation *op, int err, char *text, size_t size);
