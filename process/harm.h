/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/types.h>

/** Would this process harm devices of the group by joining it (device/abilities.h)? A start probes
 * each device that the primary has. Main thread, with the turn, before rte_eal_init().
 *
 * @param primary its pid.
 * @return 0; or a negative errno, and in why the device and what to do.
 */
int harm_check(pid_t primary, char *why);
