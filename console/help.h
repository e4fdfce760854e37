/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* `help [command]`, made of the table of commands. Main thread. */

void help_print(const char *rest);

/** Offer the names of the commands; for TAB. */
void help_complete(void);
