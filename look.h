/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOK_H
#define LOOK_H

#include <cmdline.h>

/*
 * The commands that look and change nothing; rest is what was typed after the
 * command. They print, and call console_fail() if they could not. Main thread.
 */

/** The ethernet ports of this process: port id, a tab, device name. */
void look_list(struct cmdline *cl, const char *rest);

/** The processes of the group, and whether they see the same ports. */
void look_peers(struct cmdline *cl, const char *rest);

#endif
