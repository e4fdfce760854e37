/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "operations/operation.h"

/* Bring processes whose ports differ back in line. */

/** Have each process whose ports differ from the primary's bring itself in line. res->text says
 * what was done, and what a person has to do. Waits as attach() does. Main thread. */
void sync_group(wait_fn wait, struct result *res);

/** If the holder of the turn has asked this process, bring it in line, and answer. Watch thread. */
void sync_serve(void);
