/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rte_common.h>

/* Strings in buffers of a fixed size. Any thread. */

/** Add to the string in text, a buffer of size bytes; what does not fit is cut. */
__rte_format_printf(3, 4) void text_add(char *text, size_t size, const char *format, ...);

/** Put a question mark for every control character, which a terminal would obey. @return text. */
char *text_harmless(char *text);

/** Put a question mark for every byte that is no printable ASCII. @return text. */
char *text_printable(char *text);

/** Is it made of digits alone? The empty string is. */
bool text_is_digits(const char *text);

/** Read a decimal number from min to max. @return false if text is anything else. */
bool text_number(const char *text, unsigned int min, unsigned int max, unsigned int *value);

/** Size of every buffer named why: a sentence without its full stop that says what failed, who or
 * what is the cause, and what to do. */
#define WHY_SIZE 512

/** Put a sentence into why, and return err. Any thread. */
__rte_format_printf(3, 4) int why_set(char *why, int err, const char *format, ...);
