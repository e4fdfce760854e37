/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* The limits that a parent sets (getrlimit(2)). Main thread. */

/** Give this process, and each thread that it starts, a stack of the usual size, as far as the
 * limits allow; and let the user read and write the files that are made. Before any thread starts.
 */
void limits_begin(void);

/** Do the limits allow what every process needs? @param shared also its files in a group.
 * @return 0, or a negative errno and why. */
int limits_check(bool shared, char *why);

/** If this process may not have all the memory or files that there is room for, say so as the cause
 * of what has failed. @return false if there is no such limit. */
bool limits_explain(char *why);
