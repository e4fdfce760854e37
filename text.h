/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include <rte_common.h>

/** Add to the string in text, a buffer of size bytes; what does not fit is cut. */
__rte_format_printf(3, 4) void text_add(char *text, size_t size, const char *format, ...);

/** Put a question mark for every control character, which a terminal would obey. @return text. */
char *text_harmless(char *text);

/** Put a question mark for every byte that is no printable ASCII. @return text. */
char *text_printable(char *text);

#endif
