/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The commands that change nothing; rest is what was typed after the command. Main thread. */

/** `list`: the ethernet ports of this process: port id, a tab, device name. */
void show_list(const char *rest);

/** `show`: what is known of a device and its ports, or of one port, as `key: value` lines. Waits
 * for the turn, so that no process removes the device meanwhile. */
void show(const char *rest);

/** `devices`: PCI network devices and virtual drivers. Waits for the turn. */
void show_devices(const char *rest);

/** `peers`: the processes of the group, and whether they see the same ports. */
void show_peers(const char *rest);

/** Print the secondaries that this primary leaves behind, if there are any. */
void show_left_behind(void);
