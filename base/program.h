/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

/* The program's name. A line on standard error begins with it. Any thread. */

#define PROGRAM "dpdk-hotplug_mp"

#endif
