/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOK_H
#define LOOK_H

/*
 * The commands that look and change nothing; rest is what was typed after the
 * command. They print, and call console_fail() if they could not. Main thread.
 */

/** The ethernet ports of this process: port id, a tab, device name. */
void look_list(const char *rest);

/** The processes of the group, and whether they see the same ports. */
void look_peers(const char *rest);

/**
 * What is known of a device and its ports, or of a port by its id: one `key: value`
 * a line. Waits for the turn: what is shown must not be removed meanwhile.
 */
void look_show(const char *rest);

/** What could be attached: PCI network devices, and virtual drivers. Waits for the turn. */
void look_devices(const char *rest);

/** What a primary says of those it leaves behind, on standard output; nothing if nobody is. */
void look_leaving(void);

#endif
