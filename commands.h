/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "console/grammar.h"

/** The commands that can be typed; ends with a row without a name. Any thread. */
extern const struct command commands[];

#endif
