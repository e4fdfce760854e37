/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONSOLE_HELP_H
#define CONSOLE_HELP_H

/* `help [command]`, made of the table of commands. Main thread. */

void help_print(const char *rest);

/** Offer the names of the commands; for TAB. */
void help_complete(void);

#endif
