/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The commands that change nothing; rest is what was typed after the command. Main thread. */

void show_list(const char *rest);
void show_peers(const char *rest);

/** These wait for the turn, so that no process removes a device meanwhile. */
void show(const char *rest);
void show_devices(const char *rest);

/** Print the secondaries that this primary leaves behind, if there are any. */
void show_left_behind(void);
