/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "console/grammar.h"

/** The commands that can be typed; ends with a row without a name. Any thread. */
extern const struct command commands[];
