/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <cmdline.h>
#include <cmdline_parse.h>

/** The grammar of the prompt, for the cmdline library; ends with NULL. */
extern cmdline_parse_ctx_t commands_grammar[];

/** That of lines nobody types: the same commands, nothing to complete. */
extern cmdline_parse_ctx_t commands_lines[];

/** Do what the kernel's device events ask for; for unplug_fd(). */
void commands_device_events(void);

#endif
