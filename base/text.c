/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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

bool
text_number(const char *text, unsigned int min, unsigned int max, unsigned int *value)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || n < min || n > max)
		return false;
	*value = n;
	return true;
}

int
why_set(char *why, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, WHY_SIZE, format, ap);
	va_end(ap);
	return err;
}
