/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

void
text_add(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + len, size - len, format, ap);
	va_end(ap);
}

char *
text_harmless(char *text)
{
	char *c;

	for (c = text; *c != '\0'; c++)
		*c = iscntrl((unsigned char)*c) ? '?' : *c;
	return text;
}

char *
text_printable(char *text)
{
	char *c;

	for (c = text; *c != '\0'; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
	return text;
}
