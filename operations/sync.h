/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "operations/operation.h"

/* Bring processes whose ports differ back in line. Main thread, unless a comment says otherwise. */

/** Have each process whose ports differ from the primary's bring itself in line. res->text says
 * what was done, and what a person has to do. Waits as attach() does. */
void sync_group(wait_fn wait, struct result *res);

/** Bring this process in line with its primary: attach the devices that it lacks, remove those that
 * the primary lacks. Other processes stay as they are. A device that fails is logged, and missing
 * in the views. Any thread that may allocate and wait, while the process that asks has the turn. */
void sync_self(void);
