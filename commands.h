/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "console/grammar.h"

/* The table of commands that can be typed. Any thread. */

/** Ends with a row without a name. */
extern const struct command commands[];
