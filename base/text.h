/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rte_common.h>

/* Strings in buffers of a fixed size. Any thread. */

/** Append to the string in text, a buffer of size bytes; what does not fit is cut off. */
__rte_format_printf(3, 4) void text_add(char *text, size_t size, const char *format, ...);

/** Replace control characters, which a terminal would obey, by question marks. @return text. */
char *text_harmless(char *text);

/** Replace bytes that are not printable ASCII by question marks. @return text. */
char *text_printable(char *text);

/** Read a decimal number from min to max into value. @return false if text is anything else. */
bool text_number(const char *text, unsigned int min, unsigned int max, unsigned int *value);

/** Bytes of every buffer named why. It holds a sentence, without the full stop: what failed, what
 * caused it, and what to do. */
#define WHY_SIZE 512

/** Put a sentence into why. @return err. */
__rte_format_printf(3, 4) int why_set(char *why, int err, const char *format, ...);
